//! Genesis documents as people write them.

use crate::Target;
use crate::day::day;
use seaway_genesis::ceremony;
use seaway_genesis::written::WrittenGenesis;
use seaway_ledger::genesis::state_of;
use seaway_types::codec;
use seaway_types::genesis::GenesisDocument;
use seaway_types::limits::GENESIS_BYTES_MAX;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "genesis", run, seeds, bytes_max: 64 << 10 };

/// What is read is written as a text that is read as the same; the document in it is canonical; and from a document that passes
/// its check a ledger starts.
fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let Ok(written) = WrittenGenesis::parse(&text) else { return };
    let again = written.to_toml().expect("what was read can be written");
    assert_eq!(WrittenGenesis::parse(&again).as_ref(), Ok(&written), "{again}");
    let _labels = written.labels();
    let Ok(signed) = written.signed() else { return };
    let _approved = signed.check();
    let document = signed.document;
    assert_eq!(written.document().as_ref(), Ok(&document), "approvals are no part of the document");
    let bytes = codec::encode(&document);
    assert_eq!(codec::decode::<GenesisDocument>(&bytes, GENESIS_BYTES_MAX).as_ref(), Ok(&document));
    let _fingerprint = document.fingerprint();
    if document.check().is_ok() {
        assert!(state_of(&document, 1).is_ok(), "the document passes its check, and no ledger starts from it");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let devnet = ceremony::devnet().expect("the devnet's ceremony");
    let written = [&devnet, &day().written].map(|genesis| genesis.to_toml().expect("a genesis can be written"));
    let texts = [ceremony::DRAFT.to_owned(), ceremony::DEVNET.to_owned()];
    texts.into_iter().chain(written).map(String::into_bytes).collect()
}
