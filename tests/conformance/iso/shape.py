"""What CBPR+ makes of the base schema: what is mandatory and what is removed.

It is read off the smallest and the largest example in the package cbpr-usage-rules, which its author checked against the
CBPR+ schemas. So it knows the messages that have examples, one alternative of each choice, and no number of occurrences.
The examples' headers are those of the base schema; what is asked of a header here is what CBPR+ asks.

It holds between banks. On the leg to a settlement infrastructure the HVPS+ guidelines hold, which keep CLRG with ClrSys,
and in pacs.002 StsId, AccptncDtTm and ChrgsInf.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cbpr_rules
from lxml import etree

from rules import Found

# By parent, what is not in the largest example only because something else in it excludes it.
EXCLUDED = {
    "CdtTrfTxInf": {"RmtInf", "RltdRmtInf"},
    "OrgnlTxRef": {"IntrBkSttlmAmt", "IntrBkSttlmDt"},
    "RmtInf": {"Strd", "Ustrd"},
}


def header_shape(header: etree._ElementTree) -> Iterator[Found]:
    """A header names both institutions by BIC, and the service."""
    for path in ("Fr/FIId/FinInstnId/BICFI", "To/FIId/FinInstnId/BICFI", "BizSvc"):
        if not header.findtext(path):
            yield f"/AppHdr/{path}", "shape", "is mandatory"


def document_shape(variant: str, document: etree._ElementTree, schema: Path, year: int) -> Iterator[Found]:
    """Of a message that has examples, such as `pacs.009_cov`."""
    if set(cbpr_rules.example_variants(year, variant)) != {"min", "max"} or not schema.is_file():
        return
    types = {one.get("name"): one for one in etree.parse(str(schema)).getroot()}
    least, most = (example(variant, one, year) for one in ("min", "max"))
    yield from narrowed(document, types, "Document", document.getroot(), least, most)


def example(variant: str, size: str, year: int) -> etree._Element:
    root = etree.fromstring(cbpr_rules.example_message(year, variant, size).encode())
    for one in root.iter("*"):
        one.tag = etree.QName(one).localname
    return root.find("Document")


def narrowed(
    document: etree._ElementTree,
    types: dict[str, etree._Element],
    type_name: str,
    at: etree._Element,
    least: etree._Element | None,
    most: etree._Element,
) -> Iterator[Found]:
    kind = types.get(type_name)
    parts = {} if kind is None else {one.get("name"): one.get("type") for one in kind.iter("{*}element")}
    path = document.getpath(at)
    if kind is not None and kind.find("{*}choice") is None:
        for one in [] if least is None else least:
            if at.find(one.tag) is None:
                yield f"{path}/{one.tag}", "shape", "is mandatory"
        for one in at:
            if most.find(one.tag) is None and one.tag not in EXCLUDED.get(at.tag, ()):
                yield document.getpath(one), "shape", "is removed"
    for one in at:
        below = most.find(one.tag)
        if below is not None:
            smallest = None if least is None else least.find(one.tag)
            yield from narrowed(document, types, parts.get(one.tag, ""), one, smallest, below)
