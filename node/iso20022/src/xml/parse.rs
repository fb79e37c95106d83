//! A tree from a text that anyone may have written.

use super::element::{Element, Namespace};
use crate::fault::{Fault, Rule};
use compact_str::CompactString;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use seaway_types::limits::{ISO_DEPTH_MAX, ISO_ELEMENTS_MAX, ISO_MESSAGE_BYTES_MAX};

/// The open elements, outermost first, and what has been counted.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    namespace: Namespace,
}

/// Reads one document. Comments are passed over; document types, processing instructions and entities other than the five
/// that XML defines are refused.
pub(crate) fn parse(text: &str) -> Result<Element, Fault> {
    if text.len() > ISO_MESSAGE_BYTES_MAX {
        let problem = format!("{} bytes; a message has at most {ISO_MESSAGE_BYTES_MAX}", text.len());
        return Err(Fault::new("", Rule::Xml(problem)));
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut builder = Builder::default();
    loop {
        let event = reader.read_resolved_event();
        let (namespace, event) = event.map_err(|error| builder.fault(error.to_string()))?;
        match event {
            Event::Start(start) => builder.start(&namespace, &start)?,
            Event::End(_) => builder.end(),
            Event::Text(text) => builder.text(&text.xml10_content())?,
            Event::CData(text) => builder.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => builder.reference(&reference)?,
            Event::Decl(_) | Event::Comment(_) | Event::Empty(_) => {}
            Event::DocType(_) => return Err(builder.fault("a document type is refused".to_owned())),
            Event::PI(_) => return Err(builder.fault("a processing instruction is refused".to_owned())),
            Event::Eof => break,
        }
    }
    if !builder.open.is_empty() {
        return Err(builder.fault("the text ends within this element".to_owned()));
    }
    builder.root.take().ok_or_else(|| builder.fault("there is no element".to_owned()))
}

impl Builder {
    /// A fault at the place that is being read.
    fn fault(&self, problem: String) -> Fault {
        let fault = Fault::new("", Rule::Xml(problem));
        self.open.iter().rev().fold(fault, |fault, element| fault.within(&element.name))
    }

    fn start(&mut self, namespace: &ResolveResult<'_>, start: &BytesStart<'_>) -> Result<(), Fault> {
        let name = CompactString::new(start.local_name().as_ref());
        self.elements = self.elements.saturating_add(1);
        if self.elements > ISO_ELEMENTS_MAX {
            return Err(self.fault(format!("more than {ISO_ELEMENTS_MAX} elements")));
        }
        if self.open.len() >= ISO_DEPTH_MAX {
            return Err(self.fault(format!("elements lie more than {ISO_DEPTH_MAX} deep")));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.fault(format!("a second root, {name}")));
        }
        let beside = |parent: &Element| !parent.text.bytes().all(|byte| byte.is_ascii_whitespace());
        if self.open.last().is_some_and(beside) {
            return Err(self.fault("text beside elements".to_owned()));
        }
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => return Err(self.fault(format!("the prefix of {name} is not declared"))),
        };
        if *self.namespace != *namespace {
            self.namespace = namespace.into();
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.fault(error.to_string()))?;
            let key = attribute.key.as_ref();
            // Where schemas lie is a hint to validators and says nothing to us.
            if key == "xmlns" || key.starts_with("xmlns:") || key.ends_with(":schemaLocation") {
                continue;
            }
            let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0);
            let value = value.map_err(|error| self.fault(error.to_string()))?;
            attributes.push((key.to_owned(), value.into_owned()));
        }
        self.open.push(Element { name, namespace: self.namespace.clone(), attributes, ..Element::default() });
        Ok(())
    }

    fn end(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        if !element.children.is_empty() {
            // Only blanks can stand here: other text beside children was refused.
            element.text.clear();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        let Some(element) = self.open.last_mut() else {
            return if blank { Ok(()) } else { Err(self.fault("text outside of the document".to_owned())) };
        };
        match (element.children.is_empty(), blank) {
            (true, _) => element.text.push_str(text),
            // Blanks between children say nothing, and there may be as many as children.
            (false, true) => {}
            (false, false) => return Err(self.fault("text beside elements".to_owned())),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Fault> {
        let known = reference.resolve_char_ref().map_err(|error| self.fault(error.to_string()))?;
        let name = reference.xml10_content();
        match (known, resolve_xml_entity(&name)) {
            (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
            (None, Some(text)) => self.text(text),
            (None, None) => Err(self.fault(format!("the entity '{name}' is refused"))),
        }
    }
}
