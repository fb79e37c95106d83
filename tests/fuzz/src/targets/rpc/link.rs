//! A connection to the server, kept from one input to the next.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take; the fuzzer itself complains much earlier.
const PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    static LINK: RefCell<Option<TcpStream>> = const { RefCell::new(None) };
}

/// Status and body of the answer to a body.
pub(super) fn ask(address: SocketAddr, body: &[u8]) -> (u16, Vec<u8>) {
    LINK.with_borrow_mut(|link| {
        // A connection on which nothing was said for a while is closed by the server, so that the first try may fail.
        let first = link.take().map(|stream| exchange(stream, body));
        let answered = match first {
            Some(Ok(answered)) => Ok(answered),
            _ => connect(address).and_then(|stream| exchange(stream, body)),
        };
        let (stream, status, answer) = answered.expect("every body is answered");
        *link = Some(stream);
        (status, answer)
    })
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends a body and reads the answer, whose head says how long it is.
fn exchange(mut stream: TcpStream, body: &[u8]) -> io::Result<(TcpStream, u16, Vec<u8>)> {
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    let head_bytes = loop {
        read_some(&mut stream, &mut answer)?;
        if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&answer[..head_bytes]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|text| text.trim().parse::<usize>().ok());
    let (Some(status), Some(length)) = (status, length) else {
        return Err(io::Error::new(ErrorKind::InvalidData, head));
    };
    while answer.len() < head_bytes + length {
        read_some(&mut stream, &mut answer)?;
    }
    Ok((stream, status, answer.split_off(head_bytes)))
}

fn read_some(stream: &mut TcpStream, answer: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 16 << 10];
    let length = stream.read(&mut part)?;
    if length == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    answer.extend_from_slice(&part[..length]);
    Ok(())
}
