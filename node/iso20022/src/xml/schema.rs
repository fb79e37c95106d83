//! Types that read themselves from an element and write themselves into one, declared element by element.
//!
//! Reading goes on behind a fault, so that all of them are found: what does not belong where it stands is stepped over, and
//! what must be there and cannot be read is stood in for. What was read so serves to judge the rest and is never passed on.

use super::element::Element;
use crate::fault::{QUOTED_MAX, Rule};
use crate::faults::Faults;

/// What an element holds.
pub(crate) trait Value: Sized {
    /// Reads an element, and notes all that is wrong with it. `None` never comes without a fault.
    fn read(element: &Element, faults: &mut Faults) -> Option<Self>;

    /// What stands for one that must be there and cannot be read.
    fn stand_in() -> Option<Self> {
        None
    }

    fn write(&self, element: &mut Element);
}

/// Notes attributes that the type did not take.
pub(crate) fn no_attributes(element: &Element, faults: &mut Faults) {
    for (name, value) in &element.attributes {
        faults.note_extra(&format!("@{name}"), value, Rule::Unknown("no attribute".to_owned()));
    }
}

/// How often a part stands in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    Maybe,
    Many,
}

/// The children of an element, taken in the schema's order.
pub(crate) struct Parts<'a> {
    element: &'a Element,
    /// What may stand in the element, in this order.
    schema: &'static [(&'static str, Count)],
    /// The part that is asked for.
    asked: usize,
    /// The first part that may stand behind the child taken last.
    open: usize,
    /// The first part that would still be told as missing.
    told: usize,
    /// How many children are behind us.
    passed: usize,
    /// The part that the next child is, once that was looked up.
    next: Option<usize>,
    /// Children that were taken before it was their turn.
    early: Vec<usize>,
    /// The child that was told to stand before others that belong before it.
    blamed: Option<usize>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(
        element: &'a Element,
        schema: &'static [(&'static str, Count)],
        faults: &mut Faults,
    ) -> Option<Self> {
        no_attributes(element, faults);
        if !element.text.trim_ascii().is_empty() {
            faults.note(&element.text, Rule::Form("elements, not a text".to_owned()));
            return None;
        }
        let (early, next, blamed) = (Vec::new(), None, None);
        Some(Self { element, schema, asked: 0, open: 0, told: 0, passed: 0, next, early, blamed })
    }

    /// A part that must be there.
    pub(crate) fn one<T: Value>(&mut self, name: &'static str, faults: &mut Faults) -> Option<T> {
        let child = self.take(faults).or_else(|| self.take_later(name, faults));
        self.asked = self.asked.saturating_add(1);
        let read = child.and_then(|child| faults.within(name, None, |faults| T::read(child, faults)));
        read.or_else(T::stand_in)
    }

    /// A part that may be there.
    pub(crate) fn maybe<T: Value>(&mut self, name: &'static str, faults: &mut Faults) -> Option<Option<T>> {
        let child = self.take(faults);
        self.asked = self.asked.saturating_add(1);
        Some(child.and_then(|child| faults.within(name, None, |faults| T::read(child, faults))))
    }

    /// Parts that may be there, any number that the message's size allows.
    pub(crate) fn many<T: Value>(&mut self, name: &'static str, faults: &mut Faults) -> Option<Vec<T>> {
        let (mut list, mut number, mut whole) = (Vec::new(), 0usize, true);
        while let Some(child) = self.take(faults) {
            // More of them may follow.
            self.open = self.asked;
            number = number.saturating_add(1);
            let read = faults.within(name, Some(number), |faults| T::read(child, faults));
            match read.or_else(T::stand_in) {
                Some(value) => list.push(value),
                None => whole = false,
            }
        }
        self.asked = self.asked.saturating_add(1);
        whole.then_some(list)
    }

    /// The child that makes a choice: the first one that may be chosen. Nothing may stand beside it.
    pub(crate) fn chosen(&mut self, faults: &mut Faults) -> Option<&'a Element> {
        let element = self.element;
        let chosen = self.place(faults).and_then(|_| element.children.get(self.passed));
        if element.children.is_empty() {
            let names: Vec<&str> = self.schema.iter().map(|(name, _)| *name).collect();
            faults.note("", Rule::Form(names.join(" or ")));
        }
        self.passed = self.passed.saturating_add(1);
        (self.next, self.asked, self.open) = (None, self.schema.len(), self.schema.len());
        chosen
    }

    /// Nothing more may follow.
    pub(crate) fn end(mut self, faults: &mut Faults) {
        self.place(faults);
    }

    /// The next child, if it is the part that is asked for.
    fn take(&mut self, faults: &mut Faults) -> Option<&'a Element> {
        let element = self.element;
        if self.place(faults) != Some(self.asked) || faults.is_full() {
            return None;
        }
        let child = element.children.get(self.passed)?;
        self.passed = self.passed.saturating_add(1);
        self.next = None;
        self.open = self.asked.saturating_add(1);
        Some(child)
    }

    /// Which part the next child is: the one that is asked for, or one behind it. A child that is neither is noted and
    /// stepped over.
    fn place(&mut self, faults: &mut Faults) -> Option<usize> {
        while self.next.is_none() && !faults.is_full() {
            let child = self.element.children.get(self.passed)?;
            if !self.early.contains(&self.passed) {
                let same_space = child.namespace == self.element.namespace;
                let mut ahead = self.schema.iter().enumerate().skip(self.asked);
                let found = ahead.find(|(_, (name, _))| same_space && child.name == *name);
                self.next = found.map(|(place, _)| place);
                if self.next.is_none() {
                    self.step_over(child, faults);
                }
            }
            if self.next.is_none() {
                self.passed = self.passed.saturating_add(1);
            }
        }
        self.next
    }

    /// Notes a child that belongs nowhere behind the one taken last.
    fn step_over(&mut self, child: &Element, faults: &mut Faults) {
        let mut ahead = self.schema.iter().enumerate().skip(self.asked);
        // What should stand there is told first, if it stands nowhere.
        if let Some((place, (name, _))) = ahead.find(|(_, (_, count))| *count == Count::One) {
            self.miss(place, name, faults);
        }
        faults.note_extra(&child.name, &child.text, self.unknown(child));
        // One too many is no loss. Otherwise a part is not read that may stand in this element.
        let mut before = self.element.children.iter().take(self.passed);
        let part = self.schema.iter().find(|(name, _)| child.name == *name);
        if part.is_some_and(|(name, count)| *count == Count::Many || !before.any(|other| other.name == *name)) {
            faults.doubt(Some(&child.name));
        }
    }

    /// A part that must be there and does not come next. It stands behind others, of which the first is told to stand in the
    /// wrong place; or it stands nowhere.
    fn take_later(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'a Element> {
        if faults.is_full() {
            return None;
        }
        let element = self.element;
        let mut rest = element.children.iter().enumerate().skip(self.passed);
        let found = rest.find(|(_, child)| child.name == name && child.namespace == element.namespace);
        let Some((place, child)) = found else {
            self.miss(self.asked, name, faults);
            return None;
        };
        if self.blamed != Some(self.passed)
            && let Some(other) = element.children.get(self.passed)
        {
            self.blamed = Some(self.passed);
            faults.note_extra(&other.name, &other.text, self.unknown(other));
        }
        self.early.push(place);
        self.open = self.asked.saturating_add(1);
        Some(child)
    }

    /// Notes once that a part is nowhere. One of another namespace is noted where it stands.
    fn miss(&mut self, place: usize, name: &str, faults: &mut Faults) {
        if place >= self.told && !self.element.children.iter().any(|child| child.name == name) {
            self.told = place.saturating_add(1);
            faults.note_part(name, "", Rule::Missing);
        }
    }

    /// What could have stood where a child stands that does not belong there.
    fn unknown(&self, child: &Element) -> Rule {
        let open = self.schema.get(self.open..).unwrap_or_default();
        let mut names = Vec::new();
        for (name, count) in open {
            names.push(*name);
            // What must be there comes before all that lies behind it.
            if *count == Count::One {
                break;
            }
        }
        let expected = if names.is_empty() { "nothing more".to_owned() } else { names.join(", ") };
        if child.namespace == self.element.namespace {
            return Rule::Unknown(expected);
        }
        let [own, other] =
            [self.element, child].map(|one| one.namespace.chars().take(QUOTED_MAX).collect::<String>());
        Rule::Unknown(format!("{expected} of namespace '{own}', not '{other}'"))
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
            fn read(element: &$crate::xml::Element, faults: &mut $crate::faults::Faults) -> Option<Self> {
                const SCHEMA: &[(&str, $crate::xml::Count)] = &[$(($tag, $crate::xml::sequence!(@times $count))),+];
                let mut parts = $crate::xml::Parts::of(element, SCHEMA, faults)?;
                $(let $field = parts.$count::<$type>($tag, faults);)+
                parts.end(faults);
                Some(Self { $($field: $field?,)+ })
            }

            fn stand_in() -> Option<Self> {
                Some(Self { $($field: $crate::xml::sequence!(@stand_in $count $type),)+ })
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
    (@times one) => { $crate::xml::Count::One };
    (@times maybe) => { $crate::xml::Count::Maybe };
    (@times many) => { $crate::xml::Count::Many };
    (@stand_in one $type:ty) => { <$type as $crate::xml::Value>::stand_in()? };
    (@stand_in maybe $type:ty) => { None };
    (@stand_in many $type:ty) => { Vec::new() };
}

/// Declares an enum that is a choice of elements.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$of:meta])* $tag:literal $variant:ident($type:ty),)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant($type),)+ }

        impl $crate::xml::Value for $name {
            fn read(element: &$crate::xml::Element, faults: &mut $crate::faults::Faults) -> Option<Self> {
                const SCHEMA: &[(&str, $crate::xml::Count)] = &[$(($tag, $crate::xml::Count::Maybe)),+];
                let mut parts = $crate::xml::Parts::of(element, SCHEMA, faults)?;
                let read = parts.chosen(faults).and_then(|child| match child.name.as_str() {
                    $($tag => {
                        let read = faults.within($tag, None, |faults| {
                            <$type as $crate::xml::Value>::read(child, faults)
                        });
                        read.map(Self::$variant)
                    })+
                    _ => None,
                });
                parts.end(faults);
                if read.is_none() {
                    // Nothing follows from another choice that stands in for this one.
                    faults.doubt(None);
                }
                read
            }

            fn stand_in() -> Option<Self> {
                None$(.or_else(|| <$type as $crate::xml::Value>::stand_in().map(Self::$variant)))+
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
            fn read(element: &$crate::xml::Element, faults: &mut $crate::faults::Faults) -> Option<Self> {
                $crate::xml::no_attributes(element, faults);
                let text = $crate::xml::text(element, faults)?;
                let read = Self::parse(text);
                if read.is_none() {
                    faults.note(text, $crate::fault::Rule::Form([$($code),+].join(", ")));
                }
                read
            }

            fn stand_in() -> Option<Self> {
                [$(Self::$variant),+].first().copied()
            }

            fn write(&self, element: &mut $crate::xml::Element) {
                element.text = self.code().to_owned();
            }
        }
    };
}

pub(crate) use {choice, codes, sequence};
