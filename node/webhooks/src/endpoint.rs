//! An endpoint as configured, and what is refused before anything is sent.

use crate::Error;
use hyper::Uri;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 32;
/// Secrets an endpoint may have at a time: the new one, the old one, and some room for a rotation gone wrong.
const SECRETS_MAX: usize = 4;
/// A secret is at least as long as the tag that it makes (RFC 2104, section 3).
pub(crate) const SECRET_BYTES_MIN: usize = 32;

/// Where a feed is delivered, and how. It has no `Debug`, because it holds secrets.
#[derive(Clone)]
pub struct Endpoint {
    /// One to 32 characters of `a-z`, `0-9` and `-`. It names the endpoint's files.
    pub name: String,
    /// `https`, or `http` to this machine's loopback; without user and password.
    pub url: Uri,
    /// One to four, the newest first, each of 32 bytes or more. Each request is signed with all of them.
    pub secrets: Vec<Zeroizing<Vec<u8>>>,
    /// Where the cursor and the dead letters are kept; made when it is not there.
    pub folder: PathBuf,
    /// Without a cursor, events above this number are sent; 0 sends all.
    pub from: u64,
    /// A PEM file of the certificate authorities to trust; the system's without it.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for what.
    pub timing: Timing,
}

/// How long an endpoint may take, and how long it is left alone after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// One whole exchange: name, connection, request, answer. By default 10 seconds.
    pub attempt_timeout: Duration,
    /// The wait after the first failure; it doubles with each further one. By default a second.
    pub first_retry: Duration,
    /// The longest wait, also of those that an endpoint asks for. By default five minutes.
    pub retry_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_secs(10),
            first_retry: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
        }
    }
}

/// A URL in the parts that a connection needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host's name or address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Host and port as the URL has them: the `host` header.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) tls: bool,
}

impl Endpoint {
    /// Refuses what must not start.
    pub(crate) fn check(&self) -> Result<Target, Error> {
        let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > NAME_CHARS_MAX || !self.name.bytes().all(of_name) {
            return Err(Error::Name { name: self.name.clone() });
        }
        let refuse = |setting, problem| Error::Setting { name: self.name.clone(), setting, problem };
        if self.secrets.is_empty() || self.secrets.len() > SECRETS_MAX {
            return Err(refuse("secrets", "expected one to four"));
        }
        if self.secrets.iter().any(|secret| secret.len() < SECRET_BYTES_MIN) {
            return Err(refuse("secrets", "expected 32 bytes or more in each"));
        }
        let Timing { attempt_timeout, first_retry, retry_max } = self.timing;
        if attempt_timeout.is_zero() || first_retry.is_zero() || first_retry > retry_max {
            return Err(refuse("timing", "expected waits above zero, and the longest one not below the first"));
        }
        target(&self.url).map_err(|problem| refuse("url", problem))
    }
}

/// Takes a URL apart.
fn target(url: &Uri) -> Result<Target, &'static str> {
    let tls = match url.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("expected https://"),
    };
    let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
    // Before the host is asked for: what stands in front of the at sign must not reach a log or a header.
    if authority.contains('@') {
        return Err("user and password are not sent; the signature says who asks");
    }
    let host = url.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.is_empty() {
        return Err("expected a host");
    }
    // A port that is no number reads as none, and the event would go to another door.
    let port = match authority.strip_prefix(host) {
        Some("") if tls => 443,
        Some("") => 80,
        _ => url.port_u16().filter(|port| *port > 0).ok_or("expected a port of 1 to 65535")?,
    };
    let is_loopback = match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    };
    if !tls && !is_loopback {
        return Err("http is for this machine alone (127.0.0.0/8, ::1, localhost); expected https://");
    }
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    // A query may follow the host at once; in a request it follows a slash.
    let slash = if path.starts_with('/') { "" } else { "/" };
    let path = format!("{slash}{path}");
    Ok(Target { host: bare.to_owned(), port, authority: authority.to_owned(), path, tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |text: &str| {
            let found = target(&text.parse::<Uri>().unwrap()).unwrap();
            (found.host, found.port, found.authority, found.path, found.tls)
        };
        let expected = |host: &str, port, authority: &str, path: &str, tls| {
            (host.to_owned(), port, authority.to_owned(), path.to_owned(), tls)
        };
        assert_eq!(parts("https://bank.example"), expected("bank.example", 443, "bank.example", "/", true));
        assert_eq!(parts("https://bank.example?a=b"), expected("bank.example", 443, "bank.example", "/?a=b", true));
        assert_eq!(parts("http://[::1]:81/a?b=c"), expected("::1", 81, "[::1]:81", "/a?b=c", false));
        assert_eq!(parts("http://LOCALHOST/x"), expected("LOCALHOST", 80, "LOCALHOST", "/x", false));
        assert_eq!(parts("http://127.3.2.1:8080/"), expected("127.3.2.1", 8080, "127.3.2.1:8080", "/", false));
    }

    #[test]
    fn what_would_leave_in_clear_or_go_astray_is_refused() {
        for text in [
            "http://bank.example/hook",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://127.0.0.1.bank.example/",
            "http://localhost.bank.example/",
            "http://user:password@localhost/",
            "https://user@bank.example/",
            "https://bank.example:0/",
            "ftp://localhost/",
            "localhost:80",
            "/hook",
        ] {
            assert!(target(&text.parse::<Uri>().unwrap()).is_err(), "{text}");
        }
        // Some of these are no URLs at all, depending on who reads them; none is ever a target.
        for text in ["https://bank.example:4x", "https://bank.example:99999/", "https://bank.example:/", "https://"] {
            assert!(!text.parse::<Uri>().is_ok_and(|url| target(&url).is_ok()), "{text}");
        }
    }
}
