"""How an event is written for a receiver: standard, CloudEvents, and the group robots of WeCom, DingTalk and Feishu."""
