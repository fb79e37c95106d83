#!/usr/bin/env python3
"""Checks ISO 20022 messages: `check.py [--xsd DIR] [--year YEAR] FILE...`

A file holds an AppHdr and a Document in any wrapper, or a Document alone. Prints a line per violation, with the file, the
XPath, the rule and a text. Ends with 0 when there is none, 1 when there are some, 2 when it is called wrongly, and 3 when
what it needs is not there: the PyPI package cbpr-usage-rules 0.6.0, which brings lxml, and the schemas.

Whose rule is broken can be told from its name:
- `xsd`: ISO's. camt.056.001.08 and camt.029.001.09, whose schemas are not there, are checked with those of the next version.
- `pacs.008:R10`, `pacs.008:VAL-BIC` and so on: the package's. It has none for camt.053, camt.056, camt.029 and pain.002,
  where it looks at identifiers only and calls the rest valid: its silence says nothing there. A note on stderr tells.
- `CBPR_...`, `STP_...` and `balances`: those of rules.py, which the package does not have.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.dont_write_bytecode = True
try:
    import cbpr_rules
    from lxml import etree

    from rules import Found, document_faults, header_faults
except ImportError as missing:
    print(f"check.py: {missing}: install the PyPI package cbpr-usage-rules, version 0.6.0", file=sys.stderr)
    sys.exit(3)

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
SCHEMA_OF = {"camt.056.001.08": "camt.056.001.09", "camt.029.001.09": "camt.029.001.10"}


def definition_of(element: etree._Element) -> str:
    """As in `pacs.008.001.08`."""
    return (etree.QName(element).namespace or "").removeprefix(NAMESPACE)


def without_namespaces(element: etree._Element) -> etree._ElementTree:
    """A copy, in which paths are readable."""
    parser = etree.XMLParser(remove_comments=True, remove_pis=True)
    copy = etree.fromstring(etree.tostring(element, with_tail=False), parser)
    for one in copy.iter("*"):
        one.tag = etree.QName(one).localname
    return etree.ElementTree(copy)


def schema_faults(element: etree._Element, schemas: Path) -> Iterator[Found]:
    definition = definition_of(element)
    used = SCHEMA_OF.get(definition, definition)
    file = schemas / f"{used}.xsd"
    if not file.is_file():
        yield f"/{etree.QName(element).localname}", "xsd", f"there is no schema for '{definition}'"
        return
    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    for one in copy.iter(f"{{{NAMESPACE}{definition}}}*") if used != definition else ():
        one.tag = f"{{{NAMESPACE}{used}}}{etree.QName(one).localname}"
    schema, plain = etree.XMLSchema(file=str(file)), without_namespaces(element)
    schema.validate(copy)
    for error in schema.error_log:
        at = plain.xpath(re.sub(r"\w+:", "", error.path or "/*"))
        yield plain.getpath(at[0]) if at else "/", "xsd", re.sub(r"\{urn:[^}]*\}", "", error.message)


def variant_of(kind: str, header: etree._ElementTree | None, document: etree._ElementTree, year: int) -> str:
    """The package tells variants apart only when it is told; BizSvc and the underlying payment of a cover do."""
    service = "" if header is None else header.findtext("BizSvc", "")
    cover = kind == "pacs.009" and document.find(".//UndrlygCstmrCdtTrf") is not None
    for name in ("stp", "adv", "cov"):
        found = f".{name}." in service or name == "cov" and cover
        if found and f"{kind}_{name}" in cbpr_rules.available(year):
            return f"{kind}_{name}"
    return kind


def faults(file: Path, schemas: Path, year: int) -> Iterator[Found]:
    root = etree.parse(str(file), etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
    header, document = (next(root.iter("{*}" + name), None) for name in ("AppHdr", "Document"))
    if document is None:
        yield "/", "xsd", "there is no Document"
        return
    for part in (header, document):
        if part is not None:
            yield from schema_faults(part, schemas)
    definition = definition_of(document)
    kind = definition[:8]
    plain_header = None if header is None else without_namespaces(header)
    plain = without_namespaces(document)
    variant = variant_of(kind, plain_header, plain, year)
    for one in cbpr_rules.validate_file(str(file), year=year, msgtype=variant)["violations"]:
        yield one["xpath"], one["rule_number"], one["detail"] or one["description"]
    yield from document_faults(variant, plain)
    if variant not in cbpr_rules.available(year):
        print(f"{file}: note: the package has no rules for {kind}", file=sys.stderr)
        if plain_header is not None:
            yield from header_faults(plain_header, plain, definition)


def main() -> int:
    parser = argparse.ArgumentParser(description="Messages against ISO's schemas and the CBPR+ usage rules.")
    parser.add_argument("--xsd", type=Path, metavar="DIR", help="of ISO's schemas (beside it: shared/iso20022/xsd)")
    parser.add_argument("--year", type=int, default=2026, help="of the usage guidelines (2026)")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    asked = parser.parse_args()
    schemas: Path = asked.xsd or Path(__file__).resolve().parents[4] / "shared/iso20022/xsd"
    if not schemas.is_dir():
        print(f"check.py: there are no schemas in {schemas}: name their folder with --xsd", file=sys.stderr)
        return 3
    if not cbpr_rules.available(asked.year):
        parser.error(f"the package has no rules of {asked.year}")
    found = 0
    for file in asked.files:
        try:
            for path, rule, text in faults(file, schemas, asked.year):
                found += 1
                print(f"{file}: {path}: {rule}: {text}")
        except (OSError, etree.XMLSyntaxError) as fault:
            found += 1
            print(f"{file}: /: read: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
