//! An element with what it holds.

use compact_str::CompactString;
use std::sync::Arc;

/// The name of a namespace; empty when there is none.
pub(crate) type Namespace = Arc<str>;

/// See the module. It holds a text or children, never both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Most names are short enough to lie in here.
    pub(crate) name: CompactString,
    pub(crate) namespace: Namespace,
    /// Attributes, declarations of namespaces left out.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn new(name: &str, namespace: &Namespace) -> Self {
        Self { name: CompactString::new(name), namespace: namespace.clone(), ..Self::default() }
    }
}
