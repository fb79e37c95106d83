//! All that is wrong with a message, collected while it is read and judged.

use crate::fault::{Fault, Rule};
use compact_str::CompactString;
use seaway_types::limits::ISO_FAULTS_MAX;

/// See the module. A fault of form is noted at the place that is being read; a broken rule names its place itself.
///
/// What has a wrong form leaves its place *in doubt*: something stands in for it, or nothing does, while rules are judged. A
/// rule that is broken there would tell the same fault again, so it is not noted.
///
/// Paths are put together when something is noted: a message that is in order pays for none.
#[derive(Debug)]
pub struct Faults {
    /// The element around header and document; empty where there is none.
    envelope: CompactString,
    /// The elements that are being read, outermost first, with their number where there may be many of a name.
    place: Vec<(&'static str, Option<usize>)>,
    found: Vec<Fault>,
    /// Places in doubt, from the header or the document on: what rules name is written so.
    doubtful: Vec<String>,
    /// How many more are noted.
    left: usize,
}

impl Faults {
    /// Notes all, as many as are told of one message.
    pub(crate) fn all() -> Self {
        Self::up_to(ISO_FAULTS_MAX)
    }

    /// Notes the first one; nothing is read after it.
    pub(crate) fn first() -> Self {
        Self::up_to(1)
    }

    fn up_to(left: usize) -> Self {
        let envelope = CompactString::default();
        Self { envelope, place: Vec::new(), found: Vec::new(), doubtful: Vec::new(), left }
    }

    /// Whether no more are noted.
    pub(crate) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Header and document stand in an element of this name.
    pub(crate) fn enter_envelope(&mut self, name: &CompactString) {
        self.envelope = name.clone();
    }

    /// Reads what an element holds. Where there may be many of its name it has a number, from 1.
    pub(crate) fn within<T>(
        &mut self,
        name: &'static str,
        number: Option<usize>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.place.push((name, number));
        let read = read(self);
        self.place.pop();
        read
    }

    /// Notes that the element which is being read has a wrong form.
    pub(crate) fn note(&mut self, value: &str, rule: Rule) {
        self.add(None, value, rule);
        self.doubt(None);
    }

    /// Notes that a child or an attribute is missing or has a wrong form.
    pub(crate) fn note_part(&mut self, name: &str, value: &str, rule: Rule) {
        self.add(Some(name), value, rule);
        self.doubt(Some(name));
    }

    /// Notes a child or an attribute that does not belong here. What else stands here is no worse for it.
    pub(crate) fn note_extra(&mut self, name: &str, value: &str, rule: Rule) {
        self.add(Some(name), value, rule);
    }

    /// Says that nothing follows from what stands in the element which is being read, or in a part of it.
    pub(crate) fn doubt(&mut self, part: Option<&str>) {
        if !self.is_full() {
            self.doubtful.push(self.path(part));
        }
    }

    /// Notes a broken rule, unless its place is in doubt.
    pub(crate) fn push(&mut self, fault: Fault) {
        if !self.is_full() && self.is_sound(&fault.path) && self.is_new(&fault) {
            self.left = self.left.saturating_sub(1);
            self.found.push(fault);
        }
    }

    /// What a rule made, or the fault noted that it found.
    pub(crate) fn keep<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        match checked {
            Ok(made) => Some(made),
            Err(fault) => {
                self.push(fault);
                None
            }
        }
    }

    /// Whether nothing of these places is in doubt, so that a rule may hold them against each other or against others.
    pub(crate) fn sound<const N: usize>(&self, paths: impl FnOnce() -> [String; N]) -> bool {
        self.doubtful.is_empty() || paths().iter().all(|path| self.is_sound(path))
    }

    /// Whether neither this place nor what lies around it is in doubt; what lies in it may be.
    pub(crate) fn knows(&self, path: &str) -> bool {
        !self.doubtful.iter().any(|doubtful| lies_in(path, doubtful, &['/']))
    }

    /// What was made, if nothing was wrong, else the first fault.
    pub(crate) fn verdict<T>(self, made: Option<T>) -> Result<T, Fault> {
        match (self.found.into_iter().next(), made) {
            (None, Some(made)) => Ok(made),
            // Whatever makes nothing has noted why.
            (fault, _) => Err(fault.unwrap_or_else(|| Fault::new("", Rule::Missing))),
        }
    }

    /// All faults, those of form first.
    pub(crate) fn into_vec(self) -> Vec<Fault> {
        self.found
    }

    fn is_sound(&self, path: &str) -> bool {
        self.knows(path) && !self.doubtful.iter().any(|doubtful| lies_in(doubtful, path, &['/', '[']))
    }

    fn is_new(&self, fault: &Fault) -> bool {
        !self.found.iter().any(|one| one.path == fault.path && one.rule.code() == fault.rule.code())
    }

    fn add(&mut self, part: Option<&str>, value: &str, rule: Rule) {
        if self.is_full() {
            return;
        }
        let around = if self.envelope.is_empty() { String::new() } else { format!("/{}", self.envelope) };
        let fault = Fault { path: around + &self.path(part), ..Fault::new(value, rule) };
        // One that was told before counts too: each of them costs time to find.
        self.left = self.left.saturating_sub(1);
        if self.is_new(&fault) {
            self.found.push(fault);
        }
    }

    /// The path of the element that is being read, or of a part of it.
    fn path(&self, part: Option<&str>) -> String {
        let around = self.place.iter().map(|(name, number)| match number {
            Some(number) => format!("/{name}[{number}]"),
            None => format!("/{name}"),
        });
        around.chain(part.map(|part| format!("/{part}"))).collect()
    }
}

/// Whether a path is that of another place, or goes on from it by one of these characters.
fn lies_in(path: &str, around: &str, by: &[char]) -> bool {
    path.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with(by))
}
