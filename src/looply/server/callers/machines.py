"""Programs that open links in the place of people, and say so: previews of chats, scanners of mail, crawlers."""

import re
from typing import Final

_MACHINES: Final = re.compile(
    r"bot\b|crawler|spider|preview|facebookexternalhit|whatsapp/|slack-imgproxy|skypeuri|linkexpanding|googleimageproxy"
    r"|yahoomailproxy|barracuda|proofpoint|mimecast|symantec|trendmicro|safelinks|urldefense|scanner|phantomjs",
    re.IGNORECASE,
)
"""Parts of the names that such programs give themselves. One that gives itself the name of a browser is not found."""


def is_machine(user_agent: str) -> bool:
    """Returns whether a program says of itself that it opens links in the place of people."""
    return _MACHINES.search(user_agent) is not None
