"""URLs that somebody may write for one of ACS's, each named by its kind: none of them is where a document lies.

Each leads some parser, resolver or proxy to another host, another port, another path or another document.
"""

from collections.abc import Iterator, Mapping
from itertools import product

PLACE = "us-storage.asm.skype.com"
GATEWAY = "us-prod.asyncgw.teams.microsoft.com"
EVIL = "evil.example"
VICTIM = "0-wus-d4-0fedcba9876543210fedcba987654321"
ANOTHER = "another document"  # the kind whose URLs have the right form

ENCODED = ("2f", "2F", "5c", "00", "09", "0a", "0d%0a", "20", "23", "3f", "40", "2e", "3a")  # what ends a host, and how

LOOK_ALIKES = (
    *("asm.skype.com", "skype.com", "com", "us-storage", ".asm.skype.com", "..asm.skype.com"),
    *("us-storage..asm.skype.com", "evilasm.skype.com", "us-storage-asm.skype.com", "us-storage.asmskype.com"),
    *("us-storage.asm-skype.com", "us-storage.asm.skype.co", "us-storage.asm.skype.com.co"),
    *("us-storage.asm.skype.net", "us-storage.asm.skype.c0m", "us-storage.asm.skype.corn"),
    *("us-storage.asm.sky-pe.com", "us-storage.a5m.skype.com", f"{PLACE}.{EVIL}", f"{PLACE}-{EVIL}"),
    *(f"{PLACE}{EVIL}", f"{EVIL}.{PLACE}.{EVIL}", f"{PLACE}.evil", "asm.skype.com.evil"),
    *("asyncgw.teams.microsoft.com", "xasyncgw.teams.microsoft.com", "us-prod.asyncgw-teams.microsoft.com"),
    *(f"{GATEWAY}.{EVIL}", "teams.microsoft.com", "us-prod.teams.microsoft.com"),
    *("us-prod.asyncgw.teams.microsoft.us", "ams.gov.teams.microsoft.us", "x.gov.teams.microsoft.us"),
    *("x.ams.gov.teams.microsoft.com", "xams.gov.teams.microsoft.us", f"{EVIL}.", EVIL, f"www.{EVIL}"),
    *("us_storage.asm.skype.com", "*.asm.skype.com", "$.asm.skype.com", "us-storage.asm.skype.com,evil"),
)  # fmt: skip
IDN = (
    *("us-storage.\u0430sm.skype.com", "us-storage.a\u0455m.skype.com", "us-storage.asm.s\u043aype.com"),
    *("us-storage.asm.sk\u0443pe.com", "us-storage.asm.sky\u0440e.com", "us-storage.asm.skyp\u0435.com"),
    *("us-storage.asm.skype.\u0441om", "us-storage.asm.skype.c\u043em", "us-storage.asm.s\u212aype.com"),
    *("us-\u017ftorage.asm.skype.com", "us-storage.a\u017fm.skype.com", "us-storage.asm.skype.com\u200b"),
    *("us-storage.a\u00adsm.skype.com", "us-storage.asm\u200d.skype.com", "us-storage.asm.skype.com\ufeff"),
    *("us\u3002asm.skype.com", "us-storage\uff0easm\uff0eskype\uff0ecom", "us-storage\uff61asm.skype.com"),
    *("us-storage\u2024asm.skype.com", "us-storage.asm.\uff53kype.com", "\uff55\uff53.asm.skype.com"),
    *("us-storage.asm.skype.\u24d2\u24de\u24dc", "us-storage.asm.skype.\U0001d41c\U0001d428\U0001d426"),
    *("us-storage.asm.skype.com\u2044evil.example", "us-storage.asm.skype.com\uff0fevil.example"),
    *("evil.example\uff0f.asm.skype.com", "evil.example\u2100.asm.skype.com", "evil.example\uff1f.asm.skype.com"),
    *("evil.example\uff03.asm.skype.com", "evil\uff20us-storage.asm.skype.com", "us-storage.asm.skype.com\uff1a8443"),
    *("stra\u00dfe.asm.skype.com", "\u0130.asm.skype.com", "st\u00f3rage.asm.skype.com"),
    *("sto\u0301rage.asm.skype.com", "\u202emoc.epyks.msa", "us-storage.asm.skype.com\u202e"),
    *("us-storage.xn--sm-6kc.skype.com", "xn--.skype.com"),
)  # fmt: skip
ADDRESSES = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1"),
    *("017700000001", "0", "0.0.0.0", "127.0.0.1.", "127.000.000.001", "127.255.255.254", "1.1", "4294967295"),
    *("256.256.256.256", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[fd00:ec2::254]"),
    *("[v1.asm.skype.com]", "[::1].asm.skype.com", "[::ffff:127.0.0.1].asm.skype.com", "[us-storage.asm.skype.com]"),
    *("[.asm.skype.com", "].asm.skype.com", "[::1", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1"),
    *("168.63.129.16", "169.254.170.2", "169.254.130.1", "169.254.169.254", "169.254.43518", "2852039166"),
    *("0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.169.254.nip.io", "127.0.0.1.nip.io"),
    *("metadata.google.internal", "metadata", "instance-data", "localhost", "localhost.", "LOCALHOST"),
    *("ip6-localhost", "localhost.localdomain", "host.docker.internal", "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460"),
    *("\uff11\uff12\uff17.0.0.1", "\u0661\u0662\u0667.0.0.1", "127\u30020.0.1"),
)  # fmt: skip
AUTHORITIES = (
    *(f"{EVIL}@{PLACE}", f"{PLACE}@{EVIL}", f"user:password@{PLACE}", f"user@{PLACE}", f":@{PLACE}", f"@{PLACE}"),
    *(f"{PLACE}:443@{EVIL}", f"{EVIL}:443@{PLACE}", f"{PLACE}%40{EVIL}", f"{PLACE}%2540{EVIL}", f"{EVIL}%40{PLACE}"),
    *(f"{PLACE}@{EVIL}@{PLACE}", f"{EVIL}@{PLACE}@{EVIL}", f"{PLACE}:x@{EVIL}", f"{PLACE};@{EVIL}"),
    *(f"{PLACE}&@{EVIL}", f"{EVIL}\\@{PLACE}", f"{PLACE}\\@{EVIL}", f"{EVIL}/@{PLACE}", f"{EVIL}?@{PLACE}"),
    *(f"{EVIL}#@{PLACE}", f"{EVIL}\\\\@{PLACE}", f"{PLACE}%5c@{EVIL}", f"{PLACE} @{EVIL}", f"{PLACE}\t@{EVIL}"),
    *(f"{PLACE}%00@{EVIL}", f"[::1]@{PLACE}", f"{PLACE}@[::1]", f"{PLACE}@127.0.0.1:80", f"{'u' * 5000}@{PLACE}"),
    f"{PLACE}@@{EVIL}",
)  # fmt: skip
PORTS = (
    *(":", ":443", ":0443", ":00000443", ":80", ":8443", ":0", ":1", ":65535", ":65536", ":99999", ":4294967739"),
    *(":-1", ":+443", ": 443", ":443 ", ":44 3", ":4_43", ":0x1bb", ":443.0", ":https", ":443:443", ":443:8443"),
    *("::443", ":\u0664\u0664\u0663", ":\uff14\uff14\uff13", ":%34%34%33", ":443%00", ":443%2f", f":443@{EVIL}"),
    f":443\\@{EVIL}",
)  # fmt: skip
SEPARATORS = (
    *(f"{EVIL}\\.asm.skype.com", f"{EVIL}/.asm.skype.com", f"{EVIL}?.asm.skype.com", f"{EVIL}#.asm.skype.com"),
    *(f"{EVIL};.asm.skype.com", f"{EVIL}&.asm.skype.com", f"{EVIL},.asm.skype.com", f"{EVIL}:.asm.skype.com"),
    *(f"{EVIL}\\{PLACE}", f"{EVIL}|{PLACE}", f"{EVIL}'.asm.skype.com", f'{EVIL}".asm.skype.com'),
    f"{EVIL}<.asm.skype.com",
    *(f"{EVIL}%{code}.asm.skype.com" for code in ENCODED),
    *(f"{EVIL}%25{code}.asm.skype.com" for code in ("2f", "5c", "00", "23", "3f", "40")),
    *(f"{EVIL}%c0%af.asm.skype.com", f"{EVIL}%uff0f.asm.skype.com", f"{EVIL}%.asm.skype.com"),
    *(f"{EVIL}%2.asm.skype.com", "us-storage%2easm%2eskype%2ecom", "%75s-storage.asm.skype.com", f"{PLACE}%2f"),
    *(f"{PLACE}%3f", f"{PLACE}%23"),
)  # fmt: skip
CONTROLS = (
    *("\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x00", "\x01", "\x1f", " ", "\x7f", "\x85", "\xa0", "\u2003"),
    *("\u2028", "\u3000", "\ufeff"),
)  # fmt: skip
LONG = (
    *(f"{'a' * length}.asm.skype.com" for length in (64, 65, 255, 1000, 60_000)),
    *(f"{'a.' * count}asm.skype.com" for count in (121, 130, 1000, 30_000)),
    *(f"{'a' * 63}.{'b' * 64}.asm.skype.com", f"{(('c' * 63) + '.') * 4}asm.skype.com"),
)  # fmt: skip
STARTS = (
    *("http://", "HTTPS://", "Https://", "httpS://", "ftp://", "ws://", "wss://", "ldap://", "gopher://", "file://"),
    *("https:/", "https:", "https:///", "https:////", "https:\\\\", "https:/\\", "https:\\/", "//", "///", "/", ""),
    *("\\\\", "https//", "https;//", "https:://", "https://https://", "https:https://", "url:https://"),
    *("blob:https://", "view-source:https://", "jar:https://", "https+unix://", "httpss://", "http\u017f://"),
    *("https\uff1a//", "data:,https://", "javascript://", "https://.", "https://-@", "https://%", "https://\u200b"),
    "\ufeffhttps://",
)  # fmt: skip
WHOLE = (
    *("https:", "https://", "https://?", "https://#", "https://@", "https://:443", "https://[", "about:blank"),
    *("null", "file:///etc/passwd", "/etc/passwd", ".."),
    "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01",
    *("https://168.63.129.16/machine?comp=goalstate", "http://localhost:10000/devstoreaccount1"),
    *("unix:///var/run/docker.sock", f"https://{GATEWAY}/urlp/v1/url/content?url=https://{EVIL}", f"https://{PLACE}"),
    *(f"https://{PLACE}/", f"https://{PLACE}/v1/objects", f"https://{PLACE}/v1/objects/"),
    *(f"https://{PLACE}/v1/objects//", "https://local.communication.azure.com/calling/recordings"),
)  # fmt: skip
# Of the path: {d} is the document, {w} what follows its id, {v} another document.
PATHS = (
    *("//v1/objects/{d}{w}", "/v1//objects/{d}{w}", "/v1/objects//{d}{w}", "/V1/objects/{d}{w}"),
    *("/v1/Objects/{d}{w}", "/v2/objects/{d}{w}", "/v1/object/{d}{w}", "/v1/objects/{d}{w}/", "/v1/objects/{d}{w}//"),
    *("/v1/objects/{d}{w}/more", "/./v1/objects/{d}{w}", "/../v1/objects/{d}{w}", "/v1/../v1/objects/{d}{w}"),
    *("/v1/objects/./{d}{w}", "/v1/objects/{d}{w}/.", "/v1/objects/{d}{w}/..", "/v1/objects/{d}/../{v}{w}"),
    *("/v1/objects/{d}/..;/{v}{w}", "/v1/objects/{v}/../{d}{w}", "/v1/objects/{d}{w}/../../../objects/{v}"),
    *("/v1/objects/{d}%2f..%2f{v}{w}", "/v1/objects/{d}%252f..%252f{v}{w}", "/v1/objects/{d}\\..\\{v}{w}"),
    *("/v1/objects/{d}%5c..%5c{v}{w}", "/v1/objects/..%2f..%2f{d}{w}", "/v1/objects/%2e%2e/{d}{w}"),
    *("/v1/objects/%252e%252e/{d}{w}", "/v1/objects/.%2e/{d}{w}", "/v1/objects/{d}/%2e%2e/{v}{w}"),
    *("/%76%31/objects/{d}{w}", "/v1/objects/%30{d}{w}", "/v1/objects/{d}%00{w}", "/v1/objects/{d}%0d%0a{w}"),
    *("/v1/objects/{d}%20{w}", "/v1/objects/{d}.{w}", "/v1/objects/{d};{w}", "/v1/objects/{d};{v}{w}"),
    *("/v1/objects/{d},{v}{w}", "/v1/objects/{d}|{v}{w}", "/v1/objects/{d}_{w}", "/v1/objects/{d}{w}?"),
    *("/v1/objects/{d}{w}?x=1", "/v1/objects/{d}{w}?id={v}", "/v1/objects/{d}?{w}", "/v1/objects/{d}{w}?/../{v}"),
    *("/v1/objects/{d}{w}#", "/v1/objects/{d}{w}#top", "/v1/objects/{d}#{w}", "/v1/objects/{d}{w}#/../{v}"),
    *("?/v1/objects/{d}{w}", "#/v1/objects/{d}{w}", "\\v1\\objects\\{d}{w}", "/v1\\objects/{d}{w}"),
    *(";/v1/objects/{d}{w}", "/v1/objects/{d}{w} HTTP/1.1", "/v1/objects/{d}/content", "/v1/objects/{d}/content/"),
    *("/v1/objects/{d}/Content/video", "/v1/objects/{d}/content/VIDEO", "/v1/objects/{d}/content/video/acsmetadata"),
    *("/v1/objects/{d}/content/../{v}", "/v1/objects/{d}/content//video", "/v1/objects/{d}/content/%76ideo"),
    *("/v1/objects/{d}/content/video%2f..", "/v1/objects/{d}/content/{v}", "/v1/objects/{d}/views/video"),
    *("/v1/objects/\u0660{d}{w}", "/v1/objects/{d}\uff10{w}", "/v1/objects/{d}\u2010a{w}"),
    *("/v1/objects/{d}\ufe0f{w}", "/urlp/v1/url/content"),
    *("/v1/objects/../../urlp/v1/url/content?url=https://evil.example", "/v1/objects/*", "/v1/objects/{d}*"),
    "/v1/objects/{{d}}",
)  # fmt: skip
# Other documents: {u} is the own one in capitals, {c} cut by a character, {r} turned round.
OTHERS = (
    "{v}{w}",
    "{d}0{w}",
    "0{d}{w}",
    "{d}-{w}",
    "-{d}{w}",
    "{u}{w}",
    "{c}{w}",
    "{d}-{v}{w}",
    "-{w}",
    "0{w}",
    "{r}{w}",
)


PATH = "/v1/objects/{d}{w}"


def with_controls() -> Iterator[str]:
    """A URL with a control character or a blank before it, behind its host and at its end."""
    for character in CONTROLS:
        yield f"{character}https://{PLACE}{PATH}"
        yield f"https://{EVIL}{character}.asm.skype.com{PATH}"
        yield f"https://{PLACE}{PATH}{character}"


KINDS = {
    "look-alike host": [f"https://{host}{PATH}" for host in LOOK_ALIKES],
    "IDN host": [f"https://{host}{PATH}" for host in IDN],
    "address": [f"https://{host}{PATH}" for host in ADDRESSES],
    "userinfo": [f"https://{authority}{PATH}" for authority in AUTHORITIES],
    "separator in the host": [f"https://{host}{PATH}" for host in SEPARATORS],
    "long host": [f"https://{host}{PATH}" for host in LONG],
    "port": [f"https://{PLACE}{port}{PATH}" for port in PORTS],
    "trailing dot": [f"https://{PLACE}{dots}{PATH}" for dots in (".", "..", ".:443", "%2e", "\u3002")],
    "beginning": [f"{start}{PLACE}{PATH}" for start in STARTS],
    "whole": list(WHOLE),
    "path": [f"https://{PLACE}{path}" for path in PATHS],
    "long path": [f"https://{PLACE}{PATH}{'/' * 3000}", f"https://{PLACE}/v1/objects/{'0' * 129}{{w}}"],
    "control character": list(with_controls()),
    "header": [f"https://{PLACE}{PATH}\r\nHost: {EVIL}", f"https://{PLACE}\r\nHost: {EVIL}\r\n\r\n{PATH}"],
    ANOTHER: [f"https://{host}/v1/objects/{other}" for host, other in product((PLACE, GATEWAY), OTHERS)],
}
TEMPLATES: Mapping[str, str] = {
    f"{kind} {number}": url for kind, urls in KINDS.items() for number, url in enumerate(dict.fromkeys(urls), 1)
}


def hostile_url(name: str, document: str, content: str | None, victim: str = VICTIM) -> str:
    """The hostile URL of a name, for a content of a document, or for the document as a whole.

    Args:
        name: its kind and number: a key of `TEMPLATES`.
        document: the id of the chunk's own document.
        content: such as `video`; None for the document as a whole, as it is deleted.
        victim: the id of another document.
    """
    behind = f"/content/{content}" if content else ""
    upper, cut, turned = document.upper(), document[:-1], document[::-1]
    return TEMPLATES[name].format(d=document, w=behind, v=victim, u=upper, c=cut, r=turned)


def hostile_urls(document: str, content: str | None, victim: str = VICTIM) -> Mapping[str, str]:
    """All of them by name."""
    return {name: hostile_url(name, document, content, victim) for name in TEMPLATES}
