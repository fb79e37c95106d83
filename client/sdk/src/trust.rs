//! Whose certificates a client trusts when a node is asked over TLS.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The certificate authorities of the system.
    #[default]
    System,
    /// These alone, in PEM.
    Only(Vec<u8>),
}

impl Trust {
    /// A configuration of TLS by it.
    pub(crate) fn config(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                let found = rustls_native_certs::load_native_certs();
                let (_usable, _others) = roots.add_parsable_certificates(found.certs);
            }
            Self::Only(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|error| format!("certificate authorities: {error}"))?;
                    roots.add(certificate).map_err(|error| format!("certificate authorities: {error}"))?;
                }
            }
        }
        if roots.is_empty() {
            return Err("there is no certificate authority to trust".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| error.to_string())?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}
