//! Delivery over real sockets, to receivers that are down, slow, lying, or picky.

mod beside;

use beside::{Asked, Endless, Feed, Receiver, answer, bare, endpoint, until};
use http_body_util::Full;
use hyper::body::Bytes;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use seaway_webhooks::{
    DeadLetters, Endpoint, Error, ID_HEADER, SIGNATURE_HEADER, SentAgain, SignatureError, Signed, TIMESTAMP_HEADER,
    start, verify,
};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// An address at which nobody listens any more.
async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// The receiver's check of a request, at the time at which it was sent.
fn verified(asked: &Asked, secret: &[u8], body: &[u8]) -> Result<(), SignatureError> {
    let timestamp = asked.header(TIMESTAMP_HEADER);
    let (id, signature) = (asked.header(ID_HEADER), asked.header(SIGNATURE_HEADER));
    verify(secret, &Signed { id, timestamp, signature, body }, timestamp.parse().unwrap(), Duration::from_secs(1))
}

fn dead_letters(folder: &TempDir) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.path().join("bank.dead.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_receiver_that_was_down_misses_nothing() {
    let folder = tempdir().unwrap();
    let address = free_address().await;
    let feed = Feed::of(1..=250);
    let webhook = start(endpoint(folder.path(), &format!("http://{address}/hook")), feed.clone()).unwrap();
    let down = until(&webhook, |status| status.failures >= 3).await;
    assert!(down.failing_since.is_some() && down.last_problem.unwrap().contains(&address.to_string()));
    let mut receiver = Receiver::at(address, None).await;
    let first = receiver.next().await;
    assert_eq!(first.numbers(), (1..=100).collect::<Vec<u64>>());
    first.accept();
    // It goes down again with the second batch in its hands.
    let second = receiver.next().await;
    assert_eq!(second.header(ID_HEADER), "101-200");
    let seen = until(&webhook, |status| status.delivered == 100).await;
    receiver.close().await;
    drop(second);
    until(&webhook, |status| status.failures >= 3).await;
    assert_eq!((seen.failures, webhook.status().delivered), (0, 100));
    feed.push(251..=300);
    let mut receiver = Receiver::at(address, None).await;
    let mut taken = Vec::new();
    while taken.last() != Some(&300) {
        let asked = receiver.next().await;
        taken.extend(asked.numbers());
        asked.accept();
    }
    assert_eq!(taken, (101..=300).collect::<Vec<u64>>());
    let up = until(&webhook, |status| status.delivered == 300).await;
    assert_eq!((up.failures, up.failing_since, up.dead_letters), (0, None, 0));
    // What comes later goes out at once, without being asked for.
    feed.push(301..=301);
    assert_eq!(receiver.next().await.numbers(), [301]);
    webhook.stop().await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_asked_again() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let mut slow = endpoint(folder.path(), &receiver.url());
    slow.timing.attempt_timeout = Duration::from_millis(300);
    let webhook = start(slow, Feed::of(1..=3)).unwrap();
    let silent = receiver.next().await;
    let is_late = |problem: &String| problem.starts_with("no whole answer within");
    until(&webhook, |status| status.last_problem.as_ref().is_some_and(is_late)).await;
    let trickling = receiver.next().await;
    assert_eq!((silent.header(ID_HEADER), trickling.header(ID_HEADER)), ("1-3", "1-3"));
    trickling.answer(answer(200, &[("seaway-received", "3")], Endless::Trickle));
    let failing = until(&webhook, |status| status.failures >= 2).await;
    assert_eq!(failing.delivered, 0);
    // On a busy machine a good answer may come too late as well: from here every request gets one.
    let mut taken = receiver.accept_all();
    until(&webhook, |status| status.delivered == 3).await;
    let numbers = [taken.recv().await, taken.recv().await, taken.recv().await];
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    drop(silent);
    webhook.stop().await;
}

#[tokio::test]
async fn a_receiver_that_lies_is_not_believed() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let elsewhere = Receiver::listen().await;
    let location = elsewhere.url();
    let webhook = start(endpoint(folder.path(), &receiver.url()), Feed::of(1..=3)).unwrap();
    let large = Full::new(Bytes::from(vec![b' '; (64 << 10) + 1]));
    let lies = [
        (bare(200, &[("seaway-received", "2")]), "acknowledged \"2\", sent up to 3"),
        (bare(200, &[("seaway-received", "4")]), "acknowledged \"4\", sent up to 3"),
        (bare(204, &[("seaway-received", "everything")]), "acknowledged \"everything\""),
        (answer(200, &[("seaway-received", "3")], Endless::Flood), "more than 65536 bytes"),
        (answer(200, &[("seaway-received", "3")], large), "more than 65536 bytes"),
        (bare(302, &[("location", location.as_str())]), "redirects are not followed"),
        (bare(308, &[("location", location.as_str()), ("seaway-received", "3")]), "redirects are not followed"),
        (bare(410, &[]), "410 Gone"),
        (bare(503, &[("retry-after", "86400")]), "503 Service Unavailable"),
    ];
    for (failures, (lie, expected)) in (1..).zip(lies) {
        let asked = receiver.next().await;
        assert_eq!((asked.path.as_str(), asked.header(ID_HEADER)), ("/hook?of=bank", "1-3"));
        asked.answer(lie);
        let status = until(&webhook, |status| status.failures >= failures).await;
        let problem = status.last_problem.unwrap();
        assert!(problem.contains(expected), "{problem}");
        assert_eq!(status.delivered, 0);
    }
    assert!(!elsewhere.is_asked());
    receiver.next().await.answer(bare(204, &[]));
    until(&webhook, |status| status.delivered == 3).await;
    webhook.stop().await;
}

#[tokio::test]
async fn one_poisoned_event_does_not_hold_up_the_others() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let webhook = start(endpoint(folder.path(), &receiver.url()), Feed::of(1..=5)).unwrap();
    let (mut taken, mut refusals) = (Vec::new(), 0);
    while taken.last() != Some(&5) {
        let asked = receiver.next().await;
        let numbers = asked.numbers();
        if numbers.contains(&3) {
            refusals += u32::from(numbers == [3]);
            asked.answer(bare(422, &[]));
        } else {
            taken.extend(numbers);
            asked.accept();
        }
    }
    assert_eq!((taken, refusals), (vec![1, 2, 4, 5], 8));
    let status = until(&webhook, |status| status.delivered == 5).await;
    assert_eq!((status.dead_letters, status.failing_since), (1, None));
    let letters = dead_letters(&folder);
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0]["number"], &letters[0]["status"]), (&Value::from(3), &Value::from(422)));
    assert_eq!(letters[0]["event"]["payment"], "p3");
    assert!(letters[0]["at"].is_u64() && letters[0]["reason"].as_str().unwrap().contains("422"));
    webhook.stop().await;
    // Another start knows of it, and does not send it again.
    let feed = Feed::of(1..=6);
    let webhook = start(endpoint(folder.path(), &receiver.url()), feed).unwrap();
    assert_eq!((webhook.status().dead_letters, webhook.status().delivered), (1, 5));
    assert_eq!(receiver.next().await.numbers(), [6]);
    webhook.stop().await;
}

/// Has a dead letter sent again; its request comes to the receiver.
fn send_again(letters: &DeadLetters, number: u64) -> JoinHandle<Result<SentAgain, Error>> {
    let letters = letters.clone();
    tokio::spawn(async move { letters.send_again(number).await })
}

fn numbers_of(letters: &DeadLetters, after: u64, count_max: usize) -> Vec<u64> {
    letters.list(after, count_max).unwrap().iter().map(|letter| letter.event.number).collect()
}

#[tokio::test]
async fn a_dead_letter_is_sent_again_by_hand_beside_the_others() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let (feed, of_bank) = (Feed::of(1..=5), endpoint(folder.path(), &receiver.url()));
    let webhook = start(of_bank.clone(), feed.clone()).unwrap();
    let (mut taken, mut refused) = (Vec::new(), Bytes::new());
    while taken.last() != Some(&5) {
        let asked = receiver.next().await;
        let numbers = asked.numbers();
        if numbers.contains(&2) || numbers.contains(&4) {
            if numbers == [2] {
                refused = asked.body.clone();
            }
            asked.answer(bare(422, &[]));
        } else {
            taken.extend(numbers);
            asked.accept();
        }
    }
    until(&webhook, |status| status.delivered == 5).await;
    let letters = webhook.dead_letters();
    assert_eq!(numbers_of(&letters, 0, 10), [2, 4]);
    assert_eq!((numbers_of(&letters, 0, 1), numbers_of(&letters, 2, 10)), (vec![2], vec![4]));
    // What is no dead letter is not sent.
    assert_eq!(letters.send_again(3).await.unwrap(), SentAgain::Absent);
    assert!(!receiver.is_asked());
    // Refused again, or sent while the receiver is at fault: it stays.
    for (status, expected) in [(422, Some(422)), (503, None)] {
        let sent = send_again(&letters, 2);
        let asked = receiver.next().await;
        assert_eq!(asked.numbers(), [2]);
        asked.answer(bare(status, &[]));
        let SentAgain::Failed { status, problem } = sent.await.unwrap().unwrap() else { panic!("it was taken") };
        assert_eq!(status, expected);
        assert!(problem.starts_with("answered "), "{problem}");
        assert_eq!((numbers_of(&letters, 0, 10), webhook.status().dead_letters), (vec![2, 4], 2));
    }
    // What is new does not wait for it.
    let sent = send_again(&letters, 2);
    let again = receiver.next().await;
    feed.push(6..=6);
    let next = receiver.next().await;
    assert_eq!(next.numbers(), [6]);
    next.accept();
    until(&webhook, |status| status.delivered == 6).await;
    // Byte for byte what was refused, under its own number, signed now.
    assert_eq!((again.header(ID_HEADER), &again.body), ("2-2", &refused));
    assert_eq!(verified(&again, &[7; 32], &again.body), Ok(()));
    again.accept();
    assert_eq!(sent.await.unwrap().unwrap(), SentAgain::Taken);
    assert_eq!((webhook.status().dead_letters, webhook.status().delivered), (1, 6));
    let left = dead_letters(&folder);
    assert_eq!((left.len(), &left[0]["number"]), (1, &Value::from(4)));
    assert_eq!(letters.send_again(2).await.unwrap(), SentAgain::Absent);
    // Another start has what is left, and its own cursor.
    webhook.stop().await;
    let webhook = start(of_bank, feed).unwrap();
    assert_eq!((webhook.status().dead_letters, webhook.status().delivered), (1, 6));
    let letters = webhook.dead_letters();
    let sent = send_again(&letters, 4);
    receiver.next().await.accept();
    assert_eq!(sent.await.unwrap().unwrap(), SentAgain::Taken);
    assert_eq!((numbers_of(&letters, 0, 10), webhook.status().dead_letters), (vec![], 0));
    assert!(!receiver.is_asked());
    webhook.stop().await;
}

#[tokio::test]
async fn of_two_letters_with_one_number_the_one_that_was_taken_goes() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let line = |payment: &str| {
        json!({"number": 1, "reason": "", "status": 422, "at": 1, "event": {"payment": payment}}).to_string()
    };
    let text = format!("{}\n{{\"numb\n{}\n", line("old"), line("new"));
    std::fs::write(folder.path().join("bank.dead.jsonl"), text).unwrap();
    let of_bank = Endpoint { from: 3, ..endpoint(folder.path(), &receiver.url()) };
    let webhook = start(of_bank, Feed::of(1..=3)).unwrap();
    let letters = webhook.dead_letters();
    for (payment, left) in [("new", 1), ("old", 0)] {
        assert_eq!((numbers_of(&letters, 0, 10), webhook.status().dead_letters), (vec![1], left + 1));
        let sent = send_again(&letters, 1);
        let asked = receiver.next().await;
        assert_eq!(asked.json()["events"][0]["payment"], payment);
        asked.accept();
        assert_eq!(sent.await.unwrap().unwrap(), SentAgain::Taken);
        assert_eq!(webhook.status().dead_letters, left);
    }
    assert_eq!(letters.send_again(1).await.unwrap(), SentAgain::Absent);
    webhook.stop().await;
}

#[tokio::test]
async fn a_stop_ends_what_is_sent_again_and_the_letter_stays() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let letter = json!({"number": 1, "reason": "", "status": 422, "at": 1, "event": {"payment": "p1"}});
    std::fs::write(folder.path().join("bank.dead.jsonl"), format!("{letter}\n")).unwrap();
    let of_bank = Endpoint { from: 3, ..endpoint(folder.path(), &receiver.url()) };
    let webhook = start(of_bank, Feed::of(1..=3)).unwrap();
    let letters = webhook.dead_letters();
    let sent = send_again(&letters, 1);
    let unanswered = receiver.next().await;
    assert_eq!(unanswered.numbers(), [1]);
    webhook.stop().await;
    assert!(matches!(sent.await.unwrap(), Err(Error::Stopped { .. })));
    assert!(matches!(letters.send_again(1).await, Err(Error::Stopped { .. })));
    assert_eq!(numbers_of(&letters, 0, 10), [1]);
    assert!(!receiver.is_asked());
}

#[tokio::test]
async fn an_endpoint_at_fault_makes_no_dead_letters() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let webhook = start(endpoint(folder.path(), &receiver.url()), Feed::of(1..=1)).unwrap();
    for status in [401, 403, 404, 405, 408, 410, 425, 429, 500, 502, 503, 504].repeat(2) {
        let asked = receiver.next().await;
        assert_eq!(asked.numbers(), [1]);
        asked.answer(bare(status, &[("retry-after", "0")]));
    }
    receiver.next().await.accept();
    let status = until(&webhook, |status| status.delivered == 1).await;
    assert_eq!(status.dead_letters, 0);
    assert!(!folder.path().join("bank.dead.jsonl").exists());
    webhook.stop().await;
}

#[tokio::test]
async fn each_secret_signs_and_a_changed_body_is_seen() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let (new, old) = (vec![1; 32], vec![2; 48]);
    let secrets = vec![Zeroizing::new(new.clone()), Zeroizing::new(old.clone())];
    let rotating = Endpoint { secrets, ..endpoint(folder.path(), &receiver.url()) };
    let webhook = start(rotating, Feed::of(1..=2)).unwrap();
    let asked = receiver.next().await;
    let signatures: Vec<&str> = asked.header(SIGNATURE_HEADER).split(',').collect();
    assert!(signatures.len() == 2 && signatures.iter().all(|item| item.starts_with("v1=") && item.len() == 67));
    assert_eq!(verified(&asked, &new, &asked.body), Ok(()));
    assert_eq!(verified(&asked, &old, &asked.body), Ok(()));
    assert_eq!(verified(&asked, &[3; 32], &asked.body), Err(SignatureError::Mismatch));
    let changed = String::from_utf8(asked.body.to_vec()).unwrap().replace("p1", "p9");
    assert_eq!(verified(&asked, &new, changed.as_bytes()), Err(SignatureError::Mismatch));
    let events = json!([{"number": 1, "payment": "p1"}, {"number": 2, "payment": "p2"}]);
    assert_eq!(asked.json(), json!({"webhook": "bank", "events": events, "first": 1, "last": 2}));
    assert_eq!(asked.header("content-type"), "application/json");
    webhook.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_from_the_cursor() {
    let folder = tempdir().unwrap();
    let mut receiver = Receiver::listen().await;
    let of_bank = endpoint(folder.path(), &receiver.url());
    let feed = Feed::of(1..=3);
    let webhook = start(Endpoint { from: 1, ..of_bank.clone() }, feed.clone()).unwrap();
    let asked = receiver.next().await;
    assert_eq!(asked.numbers(), [2, 3]);
    asked.accept();
    until(&webhook, |status| status.delivered == 3).await;
    feed.push(4..=5);
    // Taken by the receiver, but stopped before its answer is here: it comes again.
    let in_flight = receiver.next().await;
    assert_eq!(in_flight.numbers(), [4, 5]);
    webhook.stop().await;
    let webhook = start(of_bank.clone(), feed.clone()).unwrap();
    assert_eq!(webhook.status().delivered, 3);
    let again = receiver.next().await;
    assert_eq!(again.numbers(), [4, 5]);
    again.accept();
    until(&webhook, |status| status.delivered == 5).await;
    webhook.stop().await;
    let cursor = folder.path().join("bank.cursor");
    assert_eq!(std::fs::read_to_string(&cursor).unwrap(), "5\n");
    for damaged in ["", "5", "five\n", "-5\n"] {
        std::fs::write(&cursor, damaged).unwrap();
        let error = start(of_bank.clone(), feed.clone()).unwrap_err();
        assert!(matches!(&error, Error::Damaged { path } if *path == cursor), "{damaged:?}: {error}");
        assert!(error.to_string().contains("bank.cursor"), "{error}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_at_the_start() {
    let folder = tempdir().unwrap();
    let feed = Feed::of(1..=1);
    let fine = endpoint(folder.path(), "http://localhost:1/");
    let refused = |endpoint: Endpoint| start(endpoint, feed.clone()).unwrap_err();
    for url in ["http://bank.example/", "http://192.0.2.1/", "https://a:secret@bank.example/", "ftp://localhost/"] {
        let error = refused(Endpoint { url: url.parse().unwrap(), ..fine.clone() });
        assert!(matches!(error, Error::Setting { setting: "url", .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for name in ["", "Bank", "../bank", "bank.", "a23456789012345678901234567890123"] {
        let error = refused(Endpoint { name: name.to_owned(), ..fine.clone() });
        assert!(matches!(error, Error::Name { .. }), "{name}: {error}");
    }
    for secrets in [vec![], vec![vec![1; 31]], vec![vec![1; 32]; 5]] {
        let secrets = secrets.into_iter().map(Zeroizing::new).collect();
        let error = refused(Endpoint { secrets, ..fine.clone() });
        assert!(matches!(error, Error::Setting { setting: "secrets", .. }), "{error}");
    }
    let mut hasty = fine.clone();
    hasty.timing.first_retry = Duration::ZERO;
    assert!(matches!(refused(hasty), Error::Setting { setting: "timing", .. }));
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for ca_file in [folder.path().join("absent.pem"), empty] {
        let url = "https://bank.example/".parse().unwrap();
        let error = refused(Endpoint { url, ca_file: Some(ca_file), ..fine.clone() });
        assert!(matches!(&error, Error::Authorities { problem, .. } if problem.contains(".pem")), "{error}");
    }
}

/// A certificate for localhost as an acceptor, and itself in a file.
fn certified(folder: &TempDir, file: &str) -> TlsAcceptor {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join(file), cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn over_tls_only_a_known_authority_is_trusted() {
    let folder = tempdir().unwrap();
    let (acceptor, _stranger) = (certified(&folder, "own.pem"), certified(&folder, "stranger.pem"));
    let mut receiver = Receiver::at("127.0.0.1:0".parse().unwrap(), Some(acceptor)).await;
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    let trusting = |file: &str| Endpoint { ca_file: Some(folder.path().join(file)), ..endpoint(folder.path(), &url) };
    let webhook = start(trusting("stranger.pem"), Feed::of(1..=2)).unwrap();
    let failing = until(&webhook, |status| status.failures >= 2).await;
    assert!(failing.last_problem.unwrap().starts_with("TLS: "));
    webhook.stop().await;
    assert!(!receiver.is_asked());
    let webhook = start(trusting("own.pem"), Feed::of(1..=2)).unwrap();
    receiver.next().await.accept();
    until(&webhook, |status| status.delivered == 2).await;
    webhook.stop().await;
}
