//! An element with what it holds.

use std::sync::Arc;

/// The name of a namespace; empty when there is none.
pub(crate) type Namespace = Arc<str>;

/// See the module. It holds a text or children, never both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) namespace: Namespace,
    /// Attributes, declarations of namespaces left out.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn new(name: &str, namespace: &Namespace) -> Self {
        Self { name: name.to_owned(), namespace: namespace.clone(), ..Self::default() }
    }
}
