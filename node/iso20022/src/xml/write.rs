//! A text from a tree.

use super::element::Element;
use quick_xml::escape::escape;

/// Writes a document, indented, with the namespace declared where it changes.
pub(crate) fn write(root: &Element) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(root, "", 0, &mut out);
    out
}

/// Writes an element as it stands within another of the same namespace, so many elements deep.
pub(crate) fn write_fragment(root: &Element, depth: usize) -> String {
    let mut out = String::new();
    element(root, &root.namespace, depth, &mut out);
    out
}

fn element(element: &Element, around: &str, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    out.push_str(&indent);
    out.push('<');
    out.push_str(&element.name);
    let declared = [("xmlns".to_owned(), element.namespace.to_string())];
    let declared = declared.iter().filter(|(_, namespace)| namespace != around);
    for (name, value) in declared.chain(&element.attributes) {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        out.push_str(&escape(value.as_str()));
        out.push('"');
    }
    if element.children.is_empty() && element.text.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push('>');
    if element.children.is_empty() {
        out.push_str(&escape(element.text.as_str()));
    } else {
        out.push('\n');
        for child in &element.children {
            self::element(child, &element.namespace, depth.saturating_add(1), out);
        }
        out.push_str(&indent);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push_str(">\n");
}
