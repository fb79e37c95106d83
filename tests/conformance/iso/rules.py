"""CBPR+ usage rules that the package cbpr-usage-rules 0.6.0 does not have. Names are those of the usage guidelines.

`STP_...` have none there: it is the schema of that profile which leaves the elements out, and the package has no schemas. Its
own examples of the profile, the fullest and the shortest, keep them.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

Found = tuple[str, str, str]  # XPath, rule, text

SLASHED = "[starts-with(., '/') or contains(substring(., 1, 16), '//') or substring(., string-length(.)) = '/']"
NO_TOWN = "[not(TwnNm and Ctry) or count(AdrLine) > 2 or AdrLine[string-length(.) > 70]]"
OPEN, CLOSE = "Bal[Tp/CdOrPrtry/Cd='OPBD']", "Bal[Tp/CdOrPrtry/Cd='CLBD']"
INTERIM = "[Tp/SubTp/Cd='INTM']"
X = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/-?:().,'+ "
EXTENDED = X + "!#$%&*=^_{}|~\";<>@[\\]`"
# Names, addresses and remittance may have the extended set; references and further text may not.
REFERENCES = (
    "//*[not(*)][substring(name(), string-length(name()) - 1)='Id' or contains(name(), 'Ref') or name()='AddtlInf']"
)

# Of which messages, which rule, what it says, and where it is broken: in the document without its namespaces.
RULES = [
    ("camt.053", "CBPR_PageNumber", "page numbers begin at 1", "//StmtPgntn/PgNb[. < 1]"),
    ("camt.053", "CBPR_Page_Number_1", "page 1 has one OPBD, not INTM",
     f"//Stmt[StmtPgntn/PgNb=1][count({OPEN})!=1 or {OPEN}{INTERIM}]"),
    ("camt.053", "CBPR_Page_Number_2", "a later page has one OPBD that is INTM",
     f"//Stmt[StmtPgntn/PgNb>1][count({OPEN}{INTERIM})!=1]"),
    ("camt.053", "CBPR_Last_Page_Indicator_1", "the last page has one CLBD, not INTM",
     f"//Stmt[StmtPgntn/LastPgInd[.='true' or .='1']][count({CLOSE})!=1 or {CLOSE}{INTERIM}]"),
    ("camt.053", "CBPR_Last_Page_Indicator_2", "an earlier page has one CLBD that is INTM",
     f"//Stmt[StmtPgntn/LastPgInd[.='false' or .='0']][count({CLOSE}{INTERIM})!=1]"),
    ("camt.053", "CBPR_BalanceTypeCode", "CLAV stands once at most",
     "//Stmt[count(Bal[Tp/CdOrPrtry/Cd='CLAV'])>1]"),
    ("camt.053", "CBPR_Electronique_Or_Legal_Sequence_Number", "a statement has a sequence number",
     "//Stmt[not(ElctrncSeqNb or LglSeqNb)]"),
    ("camt.053", "CBPR_Original_Instruction_Identification", "slashes", "//Refs/InstrId" + SLASHED),
    ("camt.056", "CBPR_Cancellation_Identification", "slashes", "//CxlId" + SLASHED),
    ("camt.056 camt.029", "CBPR_Case_Identification", "slashes", "//*[self::Case or self::RslvdCase]/Id" + SLASHED),
    ("camt.029", "CBPR_Cancellation_Status_Identification", "slashes", "//CxlStsId" + SLASHED),
    ("camt.029", "CBPR_Original_Instruction_Identification", "slashes", "//OrgnlInstrId" + SLASHED),
    ("camt.029", "CBPR_Cancellation_Reason", "RJCR has a reason",
     "//RsltnOfInvstgtn[Sts/Conf='RJCR'][not(CxlDtls/TxInfAndSts/CxlStsRsnInf/Rsn)]"),
    ("camt.029", "CBPR_Reason_Code_ARDT_AdditionalInformation", "ARDT names the return in AddtlInf",
     "//CxlStsRsnInf[Rsn/Cd='ARDT'][not(AddtlInf)]"),
    ("pain.002", "CBPR_MessageIdentification_PaymentInformationIdentification", "OrgnlPmtInfId is OrgnlMsgId",
     "//OrgnlPmtInfId[. != //OrgnlGrpInfAndSts/OrgnlMsgId]"),
    ("pain.002", "CBPR_OriginalMessageNameIdentification", "names a pain.001 or pain.008",
     "//OrgnlGrpInfAndSts/OrgnlMsgNmId[not(starts-with(.,'pain.001.001.') or starts-with(.,'pain.008.001.'))]"),
    ("pain.002", "CBPR_Transaction_Status_Reject_Reason", "RJCT has a reason",
     "//TxInfAndSts[TxSts='RJCT'][not(StsRsnInf/Rsn)]"),
    ("pain.002 camt.029 camt.056", "CBPR_Party_Name_Any_BIC", "an originator has a BIC or a name",
     "//Orgtr[not(Nm or Id/OrgId/AnyBIC)]"),
    ("pacs.008_stp", "STP_Agents", "agents are named by BIC alone, beside which a clearing code and an LEI may stand",
     "//CdtTrfTxInf//FinInstnId[not(BICFI)] | //CdtTrfTxInf//FinInstnId/*[self::Nm or self::PstlAdr]"),
    ("pacs.008_stp", "STP_Codes", "the kind and the purpose of a payment are told in codes alone",
     "//PmtTpInf/*/Prtry | //CdtTrfTxInf/Purp/Prtry"),
    ("pacs.008_stp", "STP_Elements", "has no instructions to agents, branches and structured remittance",
     "//InstrForCdtrAgt | //InstrForNxtAgt | //CdtTrfTxInf//BrnchId | //RmtInf/Strd"),
    ("pacs.008_stp", "STP_Creditor_Account", "the creditor's account is named", "//CdtTrfTxInf[not(CdtrAcct)]"),
    ("pacs pain camt", "CBPR_Reason_Code_NARR_Additional_Information", "NARR says more in AddtlInf",
     "//*[Rsn/Cd='NARR'][not(AddtlInf)]"),
    ("pacs pain camt.029 camt.056", "CBPR_Structured_Or_Hybrid_Address",
     "from 14 November 2026 an address has town and country, and at most two lines of 70", "//PstlAdr" + NO_TOWN),
    ("pacs camt", "CBPR_RestrictedFINX", "has characters outside of set X", REFERENCES + "[translate(., $x, '')]"),
    ("pacs camt", "CBPR_RestrictedFINX_Extended", "has characters outside of the extended set X",
     "//*[not(*)][translate(normalize-space(.), $extended, '')]"),
]

# What a header says again, and where: for messages whose headers the package does not compare.
AGAIN = [
    ("BizMsgIdr", "//Assgnmt/Id | //GrpHdr/MsgId", "CBPR_BusinessMessageIdentifier"),
    ("Fr/FIId/FinInstnId/BICFI", "//Assgnmt/Assgnr/Agt/FinInstnId/BICFI", "CBPR_From_To_Assigner_Assignee"),
    ("To/FIId/FinInstnId/BICFI", "//Assgnmt/Assgne/Agt/FinInstnId/BICFI", "CBPR_From_To_Assigner_Assignee"),
    ("CpyDplct", "//Stmt/CpyDplctInd", "CBPR_Copy_Duplicate"),
]


def document_faults(kind: str, document: etree._ElementTree) -> Iterator[Found]:
    """What RULES find in a `camt.053`, a `pacs.008_stp` or another kind of message, and whether statements add up."""
    for kinds, rule, text, path in RULES:
        if any(kind.startswith(one) for one in kinds.split()):
            yield from ((document.getpath(at), rule, text) for at in document.xpath(path, x=X, extended=EXTENDED))
    for at in document.xpath("//Stmt"):
        if not adds_up(at):
            yield document.getpath(at), "balances", "opening balance and booked entries are not the closing balance"


def adds_up(statement: etree._Element) -> bool:
    """A statement without both balances is not judged."""

    def total(path: str) -> Decimal:
        signs = {"CRDT": 1, "DBIT": -1}
        amounts = (Decimal(one.findtext("Amt")) * signs[one.findtext("CdtDbtInd")] for one in statement.xpath(path))
        return sum(amounts, Decimal())

    complete = statement.xpath(OPEN) and statement.xpath(CLOSE)
    return not complete or total(OPEN) + total("Ntry[Sts/Cd='BOOK']") == total(CLOSE)


def header_faults(header: etree._ElementTree, document: etree._ElementTree, definition: str) -> Iterator[Found]:
    """Whether the header says what the document says."""
    named = header.findtext("MsgDefIdr", "")
    if named != definition:
        text = f"'{named}', but the document is a {definition}"
        yield "/AppHdr/MsgDefIdr", "CBPR_Message_Definition_Identifier", text
    for path, again, rule in AGAIN:
        said, meant = header.findtext(path), document.xpath(f"string({again})")
        if said and meant and said != meant:
            yield f"/AppHdr/{path}", rule, f"'{said}', but the document says '{meant}'"
