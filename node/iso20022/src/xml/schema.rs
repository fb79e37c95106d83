//! Types that read themselves from an element and write themselves into one, declared element by element.

use super::element::Element;
use crate::fault::{Fault, Rule};

/// What an element holds.
pub(crate) trait Value: Sized {
    fn read(element: &Element) -> Result<Self, Fault>;
    fn write(&self, element: &mut Element);
}

/// Refuses attributes that the type did not take.
pub(crate) fn no_attributes(element: &Element) -> Result<(), Fault> {
    match element.attributes.first() {
        None => Ok(()),
        Some((name, value)) => {
            Err(Fault::new(value, Rule::Unknown("no attribute".to_owned())).within(&format!("@{name}")))
        }
    }
}

/// The children of an element, taken in the schema's order.
pub(crate) struct Parts<'a> {
    element: &'a Element,
    taken: usize,
    /// What could have stood at the next place.
    expected: Vec<&'static str>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(element: &'a Element) -> Result<Self, Fault> {
        no_attributes(element)?;
        if !element.text.trim_ascii().is_empty() {
            return Err(Fault::new(&element.text, Rule::Form("elements, not a text".to_owned())));
        }
        Ok(Self { element, taken: 0, expected: Vec::new() })
    }

    /// The next child if it has this name.
    fn next(&mut self, name: &'static str) -> Option<&'a Element> {
        let same_space = |child: &&Element| child.name == name && child.namespace == self.element.namespace;
        match self.element.children.get(self.taken).filter(same_space) {
            Some(child) => {
                self.taken = self.taken.saturating_add(1);
                self.expected.clear();
                Some(child)
            }
            None => {
                self.expected.push(name);
                None
            }
        }
    }

    /// A child that must be there.
    pub(crate) fn one<T: Value>(&mut self, name: &'static str) -> Result<T, Fault> {
        match self.next(name) {
            Some(child) => T::read(child).map_err(|fault| fault.within(name)),
            // It comes later: what stands before it is what does not belong here.
            None => match self.element.children.get(self.taken) {
                Some(other) if self.element.children.iter().any(|child| child.name == name) => {
                    Err(self.unknown(other))
                }
                _ => Err(Fault::new("", Rule::Missing).within(name)),
            },
        }
    }

    /// A child that may be there.
    pub(crate) fn maybe<T: Value>(&mut self, name: &'static str) -> Result<Option<T>, Fault> {
        let child = self.next(name);
        child.map(|child| T::read(child).map_err(|fault| fault.within(name))).transpose()
    }

    /// Children that may be there, any number that the message's size allows.
    pub(crate) fn many<T: Value>(&mut self, name: &'static str) -> Result<Vec<T>, Fault> {
        let mut list = Vec::new();
        while let Some(child) = self.next(name) {
            let place = list.len().saturating_add(1);
            list.push(T::read(child).map_err(|fault| fault.within(&format!("{name}[{place}]")))?);
        }
        Ok(list)
    }

    /// Nothing more may follow.
    pub(crate) fn end(self) -> Result<(), Fault> {
        match self.element.children.get(self.taken) {
            None => Ok(()),
            Some(child) => Err(self.unknown(child)),
        }
    }

    fn unknown(&self, child: &Element) -> Fault {
        let expected = match self.expected.as_slice() {
            [] => "nothing more".to_owned(),
            names => names.join(", "),
        };
        let expected = if child.namespace == self.element.namespace {
            expected
        } else {
            format!("{expected} of namespace '{}', not '{}'", self.element.namespace, child.namespace)
        };
        Fault::new(&child.text, Rule::Unknown(expected)).within(&child.name)
    }
}

/// Appends children in the schema's order.
pub(crate) struct Writer<'a>(pub(crate) &'a mut Element);

impl Writer<'_> {
    pub(crate) fn one<T: Value>(&mut self, name: &'static str, value: &T) {
        let mut child = Element::new(name, &self.0.namespace);
        value.write(&mut child);
        self.0.children.push(child);
    }

    pub(crate) fn maybe<T: Value>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            self.one(name, value);
        }
    }

    pub(crate) fn many<T: Value>(&mut self, name: &'static str, values: &[T]) {
        for value in values {
            self.one(name, value);
        }
    }
}

/// Declares a struct that is a sequence of elements. Each line: the element's name, the field, how often it stands there
/// (`one`, `maybe`, `many`), and its type.
macro_rules! sequence {
    ($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$of:meta])* $tag:literal $field:ident: $count:ident $type:ty,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$of])* pub $field: $crate::xml::sequence!(@$count $type),)+ }

        impl $crate::xml::Value for $name {
            fn read(element: &$crate::xml::Element) -> Result<Self, $crate::fault::Fault> {
                let mut parts = $crate::xml::Parts::of(element)?;
                let read = Self { $($field: parts.$count($tag)?,)+ };
                parts.end()?;
                Ok(read)
            }

            fn write(&self, element: &mut $crate::xml::Element) {
                let mut writer = $crate::xml::Writer(element);
                $(writer.$count($tag, &self.$field);)+
            }
        }
    };
    (@one $type:ty) => { $type };
    (@maybe $type:ty) => { Option<$type> };
    (@many $type:ty) => { Vec<$type> };
}

/// Declares an enum that is a choice of elements.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$of:meta])* $tag:literal $variant:ident($type:ty),)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant($type),)+ }

        impl $crate::xml::Value for $name {
            fn read(element: &$crate::xml::Element) -> Result<Self, $crate::fault::Fault> {
                let mut parts = $crate::xml::Parts::of(element)?;
                $(if let Some(value) = parts.maybe($tag)? {
                    parts.end()?;
                    return Ok(Self::$variant(value));
                })+
                parts.end()?;
                let names = [$($tag),+].join(" or ");
                Err($crate::fault::Fault::new("", $crate::fault::Rule::Form(names)))
            }

            fn write(&self, element: &mut $crate::xml::Element) {
                let mut writer = $crate::xml::Writer(element);
                match self { $(Self::$variant(value) => writer.one($tag, value),)+ }
            }
        }
    };
}

/// Declares an enum of codes.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$of:meta])* $code:literal $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// The variant of a code.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The code as it is written.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl $crate::xml::Value for $name {
            fn read(element: &$crate::xml::Element) -> Result<Self, $crate::fault::Fault> {
                $crate::xml::no_attributes(element)?;
                let text = $crate::xml::text(element)?;
                let refused = || $crate::fault::Fault::new(text, $crate::fault::Rule::Form([$($code),+].join(", ")));
                Self::parse(text).ok_or_else(refused)
            }

            fn write(&self, element: &mut $crate::xml::Element) {
                element.text = self.code().to_owned();
            }
        }
    };
}

pub(crate) use {choice, codes, sequence};
