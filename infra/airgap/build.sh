#!/usr/bin/env bash
# Makes the images of Python, RabbitMQ and a stand-in for MongoDB without any image registry: Debian by
# debootstrap, the rest from its packages. It needs root, debootstrap, Docker, a Debian mirror and, for the
# stand-in, the Python packages of requirements.lock (see infra/site).
#
# DEBIAN_MIRROR, DEBIAN_SECURITY_MIRROR: the mirrors of this network. DEBIAN_RELEASE: bookworm, or a later one.
set -eu
cd "$(dirname "$0")/../.."
release=${DEBIAN_RELEASE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
images=infra/airgap/images.env

for program in debootstrap docker; do
  command -v "$program" >/dev/null || { echo "$program is missing: apt-get install debootstrap docker.io" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "debootstrap needs root" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
echo "Installing Debian $release from $mirror …"
debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log" || { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
cat > "$root/etc/apt/sources.list" <<LIST
deb $mirror $release main
deb $mirror $release-updates main
deb $security $release-security main
LIST
# Nothing may start while packages are installed, and no container has use for manuals and translations.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cat > "$root/etc/dpkg/dpkg.cfg.d/containers" <<RULES
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
RULES
rm -rf "$root"/usr/share/{doc,man,locale}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
chroot "$root" true  # a root that cannot run anything is no image
tar -C "$root" --numeric-owner -c . | docker import -c 'CMD ["bash"]' - "alley-steward/debian:$release"

for part in python rabbitmq; do
  docker build --build-arg "DEBIAN_IMAGE=alley-steward/debian:$release" --target "$part" \
    -t "alley-steward/$part:$release" infra/airgap
done
docker build -f infra/Dockerfile --build-arg "PYTHON_IMAGE=alley-steward/python:$release" \
  --target mongo-stand-in -t "alley-steward/mongo-stand-in:$release" .

cat > "$images" <<NAMES
PYTHON_IMAGE=alley-steward/python:$release
RABBITMQ_IMAGE=alley-steward/rabbitmq:$release
MONGO_IMAGE=alley-steward/mongo-stand-in:$release
NAMES
echo "Made. \`make secrets\` and \`make smoke\` use them from now on; into an infra/.env that exists already, put:"
cat "$images"
