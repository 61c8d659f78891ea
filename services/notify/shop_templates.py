"""The words of messages about the charity shop and donations."""

from services.notify.wording import Template

SHOP_TEMPLATES: dict[str, Template] = {
    "order-paid": Template(
        "有新的兑换单", "兑换单 {number} 已付积分，请备货。", "An order to make ready", "{number} is paid."
    ),
    "order-ready": Template(
        "您兑换的商品可以领取",
        "兑换单 {number} 已备好，请在店内出示取货码领取。",
        "Your order is ready",
        "Collect {number} at the shop: show its pick-up code there.",
    ),
    "order-cancelled": Template(
        "您的兑换单已取消",
        "兑换单 {number} 已取消，冻结的积分已退回。",
        "Your order was cancelled",
        "{number} was cancelled; the points set aside are yours again.",
    ),
    "order-expired": Template(
        "您的兑换单已过期",
        "兑换单 {number} 未在时限内付积分，冻结的积分已退回。",
        "Your order has expired",
        "{number} was not paid in time; the points set aside are yours again.",
    ),
    "order-returned": Template(
        "您的兑换单已退货",
        "兑换单 {number} 已退货，积分已退回。",
        "Your order was returned",
        "The shop took {number} back; its points are yours again.",
    ),
    "donation-accepted": Template(
        "您的捐赠已接收",
        "感谢您的捐赠 {number}，捐赠票据号 {receipt}。",
        "Your donation was accepted",
        "Thank you for {number}. The number of its receipt is {receipt}.",
    ),
    "donation-declined": Template(
        "您的捐赠未能接收",
        "捐赠 {number} 未能接收，原因见详情；感谢您的心意。",
        "Your donation could not be taken",
        "See {number} for the reason. Thank you all the same.",
    ),
    "donation-allocated": Template(
        "您的捐赠有了去向",
        "您的捐赠 {number} 中有 {yuan} 元已用于{place}的{purpose}，感谢您。",
        "Where your donation went",
        "{yuan} yuan of {number} went to {purpose} of {place}. Thank you.",
    ),
}
