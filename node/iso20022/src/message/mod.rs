//! Messages: typed documents, with or without a business header.

mod camt029;
mod camt052;
mod camt053;
mod camt054;
mod camt056;
mod common;
mod head;
mod investigation;
mod pacs002;
mod pacs004;
mod pacs008;
mod pacs009;
mod pain001;
mod pain002;
mod statement;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::xml::{Decimal, LongText, Moment, Money, Number};
pub use camt029::{Confirmation, Resolution, ResolutionStatus, ResolvedPayment, ResolvedPayments};
pub use camt052::{AccountReport, Report};
pub use camt053::{AccountStatement, Statement};
pub use camt054::{EntryNotification, Notification};
pub use camt056::{CancellationReason, CancellationRequest, CancelledPayment, CancelledPayments};
pub use common::{
    AccountChoice, Address, Agent, CashAccount, ChargeBearerCode, Charges, CodeOrText, Institution, Organisation,
    OtherAccount, Party, PartyId, PaymentType, Priority, Purposes, Remittance,
};
pub(crate) use common::{NOT_PROVIDED, unsaid};
pub use head::{Header, HeaderParty, YesNo};
pub use investigation::{Assignment, Case, CaseParty};
pub use pacs002::{OriginalGroup, Status, StatusGroup, StatusReason, StatusReport, StatusTransaction};
pub use pacs004::{ChainParty, PaymentReturn, ReturnChain, ReturnReason, ReturnTransaction, Returned, ReturnedTerms};
pub use pacs008::{CreditTransfer, Group, PaymentId, Settlement, SettlementMethod, Transaction};
pub use pacs009::{InstitutionTransaction, InstitutionTransfer, UnderlyingTransfer};

pub use pain001::{
    DayOrMoment, InitiatedAmount, InitiatedCredit, InitiatedId, Initiation, InitiationGroup, PaymentBlock,
    PaymentMethod,
};
pub use pain002::{BlockStatus, CreditStatus, InitiationReport, InitiationStatus, ReportGroup};
pub use statement::{
    BalanceType, BankCode, BankDomain, BankFamily, Direction, Entry, EntryDetails, EntryTotal, EntryTransaction,
    OwnBankCode, Page, Period, References, RelatedAgents, RelatedParties, ReportingGroup, ReturnInformation,
    StatedAccount, StatedBalance, Totals,
};

use crate::fault::{Fault, Rule};
use crate::faults::Faults;
use crate::xml::{Element, Namespace, Value, parse, write, write_fragment};

const HEAD: &str = "urn:iso:std:iso:20022:tech:xsd:head.001.001.02";
const DOCUMENT: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// A document of one kind, as it stands in the root element `Document`.
pub trait Document: Sized {
    /// The message's identifier, as in `pacs.008.001.08`.
    const DEFINITION: &'static str;
    #[doc(hidden)]
    fn read_document(element: &Tree<'_>, faults: &mut Faults) -> Option<Self>;
    #[doc(hidden)]
    fn write_document(&self, element: &mut TreeMut<'_>);
}

/// An element that is read; its form is this crate's own affair.
pub struct Tree<'a>(&'a Element);
/// An element that is written; its form is this crate's own affair.
pub struct TreeMut<'a>(&'a mut Element);

/// Makes a document of a type that is the only child of `Document`.
macro_rules! document {
    ($type:ty, $definition:literal, $tag:literal) => {
        impl $crate::message::Document for $type {
            const DEFINITION: &'static str = $definition;

            fn read_document(
                element: &$crate::message::Tree<'_>,
                faults: &mut $crate::faults::Faults,
            ) -> Option<Self> {
                let mut parts = $crate::xml::Parts::of(element.0, &[($tag, $crate::xml::Count::One)], faults)?;
                let read = parts.one($tag, faults);
                parts.end(faults);
                read
            }

            fn write_document(&self, element: &mut $crate::message::TreeMut<'_>) {
                $crate::xml::Writer(&mut *element.0).one($tag, self);
            }
        }
    };
}
use document;

/// A message: a document, and its business header if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<D> {
    /// The business application header, head.001.001.02.
    pub header: Option<Header>,
    /// The document.
    pub document: D,
}

/// A text that was parsed, before it is known which document it is.
pub(crate) struct Parsed {
    root: Element,
}

impl Parsed {
    pub(crate) fn new(text: &str) -> Result<Self, Fault> {
        parse(text).map(|root| Self { root })
    }

    /// The identifier that the document's namespace says; empty where there is none.
    pub(crate) fn definition(&self) -> &str {
        let document = if self.root.name == "Document" { Some(&self.root) } else { self.root.children.get(1) };
        document.and_then(|document| document.namespace.strip_prefix(DOCUMENT)).unwrap_or("")
    }

    /// The message, of a kind. One whose header cannot be read comes without it, so that the document is judged by itself.
    pub(crate) fn message<D: Document>(&self, faults: &mut Faults) -> Option<Message<D>> {
        let root = &self.root;
        if root.name == "Document" {
            return Some(Message { header: None, document: document_of(root, faults)? });
        }
        faults.enter_envelope(&root.name);
        let [head, document] = root.children.as_slice() else {
            let expected = "Document, or an element that holds AppHdr and Document".to_owned();
            faults.note("", Rule::Form(expected));
            return None;
        };
        let header = header_of::<D>(head, faults);
        Some(Message { header, document: document_of(document, faults)? })
    }
}

impl<D: Document> Message<D> {
    /// Reads a message: a `Document` alone, or any element that holds an `AppHdr` and a `Document`.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let mut faults = Faults::first();
        let message = Parsed::new(text)?.message(&mut faults);
        faults.verdict(message)
    }

    /// Writes the message. With a header both stand in an element `Envelope`.
    pub fn write(&self) -> String {
        let space = Namespace::from(format!("{DOCUMENT}{}", D::DEFINITION));
        let mut document = Element::new("Document", &space);
        self.document.write_document(&mut TreeMut(&mut document));
        let Some(header) = &self.header else { return write(&document) };
        let mut head = Element::new("AppHdr", &Namespace::from(HEAD));
        header.write(&mut head);
        let mut envelope = Element::new("Envelope", &Namespace::default());
        envelope.children = vec![head, document];
        write(&envelope)
    }
}

fn header_of<D: Document>(element: &Element, faults: &mut Faults) -> Option<Header> {
    if !is_named(element, "AppHdr", HEAD, faults) {
        return None;
    }
    faults.within("AppHdr", None, |faults| {
        let header = Header::read(element, faults)?;
        let definition = header.definition.as_str();
        if definition != D::DEFINITION && faults.sound(|| ["/AppHdr/MsgDefIdr".to_owned()]) {
            faults.note_part("MsgDefIdr", definition, Rule::Form(D::DEFINITION.to_owned()));
        }
        Some(header)
    })
}

fn document_of<D: Document>(element: &Element, faults: &mut Faults) -> Option<D> {
    if !is_named(element, "Document", &format!("{DOCUMENT}{}", D::DEFINITION), faults) {
        return None;
    }
    faults.within("Document", None, |faults| D::read_document(&Tree(element), faults))
}

/// Whether an element has a name; notes it if not.
fn is_named(element: &Element, name: &str, namespace: &str, faults: &mut Faults) -> bool {
    let named = element.name == name && *element.namespace == *namespace;
    if !named {
        let expected = Rule::Unknown(format!("{name} of namespace '{namespace}'"));
        faults.note_part(&element.name, &element.namespace, expected);
    }
    named
}

/// One value as a document of its own: the text that hashes are made of.
pub(crate) fn canonical<V: Value>(name: &str, value: &V) -> String {
    let mut element = Element::new(name, &Namespace::default());
    value.write(&mut element);
    write(&element)
}

/// The same without one of its parts.
pub(crate) fn canonical_without<V: Value>(name: &str, value: &V, part: &str) -> String {
    let mut element = Element::new(name, &Namespace::default());
    value.write(&mut element);
    element.children.retain(|child| child.name != part);
    write(&element)
}

/// One value as an element within a document of some namespace, so many elements deep.
pub(crate) fn fragment<V: Value>(name: &str, value: &V, depth: usize) -> String {
    let space = Namespace::default();
    let mut element = Element::new(name, &space);
    value.write(&mut element);
    write_fragment(&element, depth)
}
