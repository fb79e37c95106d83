//! A reader that gives out a bounded number of bytes at a time, so that no piece of a hostile file fills the memory.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What is still given out before the next refill.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    left: Rc<Cell<usize>>,
    piece_max: usize,
}

impl Allowance {
    /// Allows a whole piece again: the one before is done with.
    pub(crate) fn refill(&self) {
        self.left.set(self.piece_max);
    }
}

/// The reader within an allowance. It may give out one buffer more than allowed, never more.
#[derive(Debug)]
pub(crate) struct Budget<R> {
    inner: R,
    allowance: Allowance,
}

impl<R> Budget<R> {
    /// A reader whose pieces have at most so many bytes, and the allowance to refill after each.
    pub(crate) fn new(inner: R, piece_max: usize) -> (Self, Allowance) {
        let allowance = Allowance { left: Rc::new(Cell::new(piece_max)), piece_max };
        (Self { inner, allowance: allowance.clone() }, allowance)
    }
}

impl<R: BufRead> BufRead for Budget<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.allowance.left.get() == 0 {
            let most = self.allowance.piece_max;
            return Err(io::Error::other(format!("a single piece of more than {most} bytes")));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, used: usize) {
        let left = &self.allowance.left;
        left.set(left.get().saturating_sub(used));
        self.inner.consume(used);
    }
}

impl<R: BufRead> Read for Budget<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let taken = available.read(out)?;
        self.consume(taken);
        Ok(taken)
    }
}
