//! Reads camt.052, camt.053 and camt.054 as a stream: one entry is in memory at a time, however long the file is.
//!
//! What is read of an entry (`Ntry`, ISO 20022 `ReportEntry10`): its amount, direction, reversal mark, status and the account
//! servicer's reference; of each of its details (`TxDtls`): UETR, end-to-end id, reference, amount, direction and whether it
//! tells of a return. Everything else is passed over. An entry with several details gives one record for each of them.
//!
//! Refused before anything else: document types, processing instructions, entities other than the five that XML defines,
//! and whatever is beyond [`crate::limits`].

mod entry;

use crate::budget::{Allowance, Budget};
use crate::fault::Fault;
use crate::limits::{XML_DEPTH_MAX, XML_NAME_BYTES_MAX, XML_PIECE_BYTES_MAX};
use crate::record::{Entries, Units};
use entry::{Detail, Entry, Field, Money};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use seaway_types::asset::CurrencyCode;
use std::io::BufRead;

/// Namespaces of the messages, without their version.
const MESSAGES: [&str; 3] = [
    "urn:iso:std:iso:20022:tech:xsd:camt.052.001.",
    "urn:iso:std:iso:20022:tech:xsd:camt.053.001.",
    "urn:iso:std:iso:20022:tech:xsd:camt.054.001.",
];
/// The first version with the elements that are read here; later ones have kept them.
const VERSION_MIN: u8 = 8;
/// Longest text of an element that is read, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Reads all entries of a file; of one account only, when it is named.
pub(crate) fn read<R: BufRead>(reader: R, account: Option<&str>, file: u16, into: &mut Entries) -> Result<(), Fault> {
    let (reader, allowance) = Budget::new(reader, XML_PIECE_BYTES_MAX);
    let mut reader = NsReader::from_reader(reader);
    reader.config_mut().expand_empty_elements = true;
    let mut message = Message {
        into,
        file,
        wanted: account,
        path: String::new(),
        lengths: Vec::new(),
        document: None,
        holder: None,
        entry: None,
        field: None,
        text: String::new(),
        currency: None,
        account: String::new(),
        documents: 0,
        entries: 0,
    };
    events(&mut reader, &allowance, &mut message)?;
    if !message.path.is_empty() {
        return Err(message.fault("", "the file ends within this element"));
    }
    if message.documents == 0 {
        return Err(Fault::new("", "", "there is no Document in it; expected camt.052, camt.053 or camt.054"));
    }
    Ok(())
}

fn events<R: BufRead>(
    reader: &mut NsReader<Budget<R>>,
    allowance: &Allowance,
    message: &mut Message<'_>,
) -> Result<(), Fault> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        allowance.refill();
        let event = reader.read_event_into(&mut buffer);
        match event.map_err(|error| message.fault("", &error.to_string()))? {
            Event::Start(start) => {
                message.open(&start)?;
                if start.local_name().as_ref() == "Document" {
                    let (namespace, _) = reader.resolver().resolve_element(start.name());
                    message.document(&namespace)?;
                }
            }
            Event::End(_) => message.close()?,
            Event::Text(text) => message.text(&text.xml10_content())?,
            Event::CData(text) => message.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => message.reference(&reference)?,
            Event::Decl(declaration) => message.declaration(&declaration)?,
            Event::Comment(_) | Event::Empty(_) => {}
            Event::DocType(_) => return Err(message.fault("", "a document type is refused")),
            Event::PI(_) => return Err(message.fault("", "a processing instruction is refused")),
            Event::Eof => return Ok(()),
        }
    }
}

/// Where the reading is.
struct Message<'a> {
    into: &'a mut Entries,
    file: u16,
    /// The account whose entries are wanted.
    wanted: Option<&'a str>,
    /// The open elements, as in `/Document/BkToCstmrStmt`, and the length of the path before each of them.
    path: String,
    lengths: Vec<usize>,
    /// Length of the path to the open Document, and to what holds entries: Stmt, Rpt, Ntfctn.
    document: Option<usize>,
    holder: Option<usize>,
    /// The open entry.
    entry: Option<Entry>,
    /// What the open element means, when its text is wanted; the text; the currency beside it.
    field: Option<Field>,
    text: String,
    currency: Option<CurrencyCode>,
    /// The account of the open holder.
    account: String,
    documents: u64,
    entries: u64,
}

impl Message<'_> {
    /// A fault at the place that is being read.
    fn fault(&self, value: &str, problem: &str) -> Fault {
        let at = match &self.entry {
            Some(_) => format!("entry {}: {}", self.entries, self.path),
            None => self.path.clone(),
        };
        Fault::new(at, value, problem)
    }

    /// The path below an element whose path has a length.
    fn below(&self, length: usize) -> &str {
        self.path.get(length..).unwrap_or("")
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), Fault> {
        let Some(encoding) = declaration.encoding() else { return Ok(()) };
        let encoding = encoding.map_err(|error| self.fault("", &error.to_string()))?;
        if ["utf-8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
            Ok(())
        } else {
            Err(self.fault(&encoding, "expected the encoding UTF-8"))
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        let local = start.local_name();
        let name: &str = local.as_ref();
        if self.field.is_some() {
            return Err(self.fault(name, "expected a text, and no element in it"));
        }
        if self.lengths.len() >= XML_DEPTH_MAX {
            return Err(self.fault(name, &format!("elements lie more than {XML_DEPTH_MAX} deep")));
        }
        if name.is_empty() || name.len() > XML_NAME_BYTES_MAX || name.contains('/') {
            return Err(self.fault(name, "expected the name of an element"));
        }
        self.lengths.push(self.path.len());
        self.path.push('/');
        self.path.push_str(name);
        match &self.entry {
            Some(entry) => {
                let at = entry.at;
                self.open_in_entry(start, at)
            }
            None => self.open_outside(),
        }
    }

    /// A Document begins, of the namespace that its name was resolved to.
    fn document(&mut self, namespace: &ResolveResult<'_>) -> Result<(), Fault> {
        if self.document.is_some() {
            return Ok(());
        }
        let name = match namespace {
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
        };
        let version = MESSAGES.iter().find_map(|message| name.strip_prefix(message));
        let version = version.and_then(|version| version.parse::<u8>().ok());
        if version.is_none_or(|version| version < VERSION_MIN) {
            let expected = "expected the namespace of camt.052, camt.053 or camt.054, version 001.08 or later";
            return Err(self.fault(name, expected));
        }
        self.document = Some(self.path.len());
        self.documents = self.documents.saturating_add(1);
        Ok(())
    }

    fn open_outside(&mut self) -> Result<(), Fault> {
        let Some(document) = self.document else { return Ok(()) };
        let holders = ["/BkToCstmrStmt/Stmt", "/BkToCstmrAcctRpt/Rpt", "/BkToCstmrDbtCdtNtfctn/Ntfctn"];
        if holders.contains(&self.below(document)) {
            self.holder = Some(self.path.len());
            self.account.clear();
        }
        let Some(holder) = self.holder else { return Ok(()) };
        match self.below(holder) {
            "/Acct/Id/IBAN" | "/Acct/Id/Othr/Id" => self.begin(Field::Account),
            "/Ntry" => {
                let taken = self.into.is_of(&self.account, self.wanted);
                let taken = taken.map_err(|problem| self.fault("", &problem))?;
                self.entries = self.entries.saturating_add(1);
                self.entry = Some(Entry { at: self.path.len(), taken, ..Entry::default() });
            }
            _ => {}
        }
        Ok(())
    }

    fn open_in_entry(&mut self, start: &BytesStart<'_>, at: usize) -> Result<(), Fault> {
        let below = self.below(at);
        let field = Field::of(below);
        let (detail, returned) = (below == "/NtryDtls/TxDtls", below == "/NtryDtls/TxDtls/RtrInf");
        if let Some(entry) = &mut self.entry {
            if detail {
                entry.detail = Some(Detail::default());
            }
            if let Some(detail) = entry.detail.as_mut().filter(|_| returned) {
                detail.returned = true;
            }
        }
        let Some(field) = field else { return Ok(()) };
        if field.is_amount() {
            self.currency = Some(self.currency_of(start)?);
        }
        self.begin(field);
        Ok(())
    }

    fn currency_of(&self, start: &BytesStart<'_>) -> Result<CurrencyCode, Fault> {
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.fault("", &error.to_string()))?;
            if attribute.key.as_ref() == "Ccy" {
                let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0);
                let value = value.map_err(|error| self.fault("", &error.to_string()))?;
                let expected = "expected a currency code of three capitals (ISO 4217) in Ccy";
                return value.parse().map_err(|_| self.fault(&value, expected));
            }
        }
        Err(self.fault("", "the attribute Ccy is missing"))
    }

    /// The text of the element that has just begun is wanted.
    fn begin(&mut self, field: Field) {
        self.field = Some(field);
        self.text.clear();
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.field.is_some() {
            if self.text.len().saturating_add(text.len()) > VALUE_BYTES_MAX {
                return Err(self.fault(text, &format!("a text of more than {VALUE_BYTES_MAX} bytes")));
            }
            self.text.push_str(text);
        } else if self.lengths.is_empty() && !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Err(self.fault(text, "text outside of the document"));
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Fault> {
        let name = reference.xml10_content();
        let known = reference.resolve_char_ref().map_err(|error| self.fault(&name, &error.to_string()))?;
        match (known, resolve_xml_entity(&name)) {
            (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
            (None, Some(text)) => self.text(text),
            (None, None) => Err(self.fault(&name, "the entity is refused")),
        }
    }

    fn close(&mut self) -> Result<(), Fault> {
        if let Some(field) = self.field.take() {
            self.value(field)?;
        }
        let length = self.path.len();
        let in_entry = self.entry.as_ref().map(|entry| entry.at);
        match in_entry {
            Some(at) if at == length => self.close_entry()?,
            Some(at) if self.below(at) == "/NtryDtls/TxDtls" => self.close_detail()?,
            _ => {}
        }
        if self.holder == Some(length) {
            self.holder = None;
        }
        if self.document == Some(length) {
            self.document = None;
        }
        if let Some(before) = self.lengths.pop() {
            self.path.truncate(before);
        }
        Ok(())
    }

    /// The text of a wanted element is complete.
    fn value(&mut self, field: Field) -> Result<(), Fault> {
        let text = std::mem::take(&mut self.text);
        let value = text.trim();
        let set = self.set(field, value);
        let set = set.map_err(|expected| self.fault(value, &format!("expected {expected}")));
        // Its room is used again for the next.
        self.text = text;
        set
    }

    fn set(&mut self, field: Field, value: &str) -> Result<(), &'static str> {
        if field == Field::Account {
            value.clone_into(&mut self.account);
            return Ok(());
        }
        let money = if field.is_amount() {
            let (units, places) = Units::parse(value).ok_or("an amount of at most 18 digits, 5 of them decimals")?;
            self.currency.take().map(|currency| Money { currency, units, places })
        } else {
            None
        };
        match &mut self.entry {
            Some(entry) => entry.set(field, value, money),
            None => Ok(()),
        }
    }

    fn close_detail(&mut self) -> Result<(), Fault> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        let added = entry.add_detail(self.into, self.file, self.entries);
        added.map_err(|problem| self.fault("", &problem))
    }

    fn close_entry(&mut self) -> Result<(), Fault> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let added = entry.add(self.into, self.file, self.entries);
        added.map_err(|problem| Fault::new(format!("entry {}: {}", self.entries, self.path), "", problem))
    }
}
