//! What one entry of a camt message says, and the records that it gives.

use crate::record::{Direction, Entries, Given, Kind, Units, uetr};
use seaway_types::asset::CurrencyCode;
use seaway_types::uetr::Uetr;

/// An element whose text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Account,
    Amount,
    Direction,
    Reversal,
    Status,
    OwnStatus,
    Reference,
    DetailUetr,
    DetailEndToEndId,
    DetailReference,
    DetailAmount,
    DetailTransactionAmount,
    DetailDirection,
}

impl Field {
    /// What an element below an entry means.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/Amt" => Self::Amount,
            "/CdtDbtInd" => Self::Direction,
            "/RvslInd" => Self::Reversal,
            "/Sts/Cd" => Self::Status,
            "/Sts/Prtry" => Self::OwnStatus,
            "/AcctSvcrRef" => Self::Reference,
            "/NtryDtls/TxDtls/Refs/UETR" => Self::DetailUetr,
            "/NtryDtls/TxDtls/Refs/EndToEndId" => Self::DetailEndToEndId,
            "/NtryDtls/TxDtls/Refs/AcctSvcrRef" => Self::DetailReference,
            "/NtryDtls/TxDtls/Amt" => Self::DetailAmount,
            "/NtryDtls/TxDtls/AmtDtls/TxAmt/Amt" => Self::DetailTransactionAmount,
            "/NtryDtls/TxDtls/CdtDbtInd" => Self::DetailDirection,
            _ => return None,
        })
    }

    /// Whether a currency stands beside the text.
    pub(super) const fn is_amount(self) -> bool {
        matches!(self, Self::Amount | Self::DetailAmount | Self::DetailTransactionAmount)
    }
}

/// An amount as a message writes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money {
    pub currency: CurrencyCode,
    pub units: Units,
    /// Decimals that were written.
    pub places: u8,
}

/// A detail that is being read.
#[derive(Debug, Default)]
pub(super) struct Detail {
    pub uetr: Option<Uetr>,
    pub end_to_end_id: String,
    pub reference: String,
    pub amount: Option<Money>,
    pub transaction_amount: Option<Money>,
    pub direction: Option<Direction>,
    pub returned: bool,
}

/// An entry that is being read.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Length of its path.
    pub at: usize,
    /// Whether it is of the account that is wanted.
    pub taken: bool,
    pub amount: Option<Money>,
    pub direction: Option<Direction>,
    pub reversal: bool,
    pub booked: Option<bool>,
    pub reference: String,
    /// The open detail.
    pub detail: Option<Detail>,
    /// Details that were complete, those of them without an amount of their own, their sum, the first one's position.
    pub details: u64,
    pub without_amount: u64,
    pub sum: i128,
    pub first: Option<usize>,
}

fn direction(text: &str) -> Result<Direction, &'static str> {
    match text {
        "CRDT" => Ok(Direction::Credit),
        "DBIT" => Ok(Direction::Debit),
        _ => Err("CRDT or DBIT"),
    }
}

impl Entry {
    /// Takes the text of an element, or says what was expected.
    pub(super) fn set(&mut self, field: Field, text: &str, money: Option<Money>) -> Result<(), &'static str> {
        match field {
            Field::Account => {}
            Field::Amount => self.amount = money,
            Field::Direction => self.direction = Some(direction(text)?),
            Field::Reversal => {
                self.reversal = match text {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err("true or false"),
                }
            }
            Field::Status => {
                self.booked = Some(match text {
                    "BOOK" => true,
                    "PDNG" | "INFO" | "FUTR" => false,
                    _ => return Err("BOOK, PDNG, INFO or FUTR"),
                });
            }
            Field::OwnStatus => return Err("a status of ISO 20022 in Cd; what a proprietary one means is not known"),
            Field::Reference => text.clone_into(&mut self.reference),
            of_detail => {
                if let Some(detail) = &mut self.detail {
                    detail.set(of_detail, text, money)?;
                }
            }
        }
        Ok(())
    }

    /// What must be there before a record can be made.
    fn head(&self) -> Result<(Money, Direction, bool), String> {
        let amount = self.amount.ok_or("Amt is missing")?;
        let direction = self.direction.ok_or("CdtDbtInd is missing")?;
        let booked = self.booked.ok_or("Sts/Cd is missing")?;
        Ok((amount, direction, booked))
    }

    /// The open detail is complete.
    pub(super) fn add_detail(&mut self, into: &mut Entries, file: u16, number: u64) -> Result<(), String> {
        let Some(detail) = self.detail.take() else { return Ok(()) };
        let (whole, of_entry, booked) = self.head()?;
        if !self.taken || !booked {
            return Ok(());
        }
        // An amount in another currency is what the debtor ordered, not what moved on this account.
        let own = detail.amount.filter(|own| own.currency == whole.currency);
        let own = own.or(detail.transaction_amount.filter(|own| own.currency == whole.currency));
        if own.is_none() {
            self.without_amount = self.without_amount.saturating_add(1);
        }
        let money = own.unwrap_or(whole);
        let direction = detail.direction.unwrap_or(of_entry);
        let position = into.push(&Given {
            uetr: detail.uetr,
            end_to_end_id: &detail.end_to_end_id,
            reference: &detail.reference,
            currency: money.currency,
            units: money.units,
            places: money.places,
            direction,
            kind: if self.reversal || detail.returned { Kind::Returned } else { Kind::Booked },
            file,
            number,
        })?;
        self.sum = self.sum.saturating_add(money.units.signed(direction));
        self.details = self.details.saturating_add(1);
        if self.first.is_none() {
            self.first = Some(position);
        }
        Ok(())
    }

    /// The entry is complete.
    pub(super) fn add(self, into: &mut Entries, file: u16, number: u64) -> Result<(), String> {
        let (money, direction, booked) = self.head()?;
        if !self.taken {
            into.elsewhere = into.elsewhere.saturating_add(1);
            return Ok(());
        }
        if !booked {
            into.not_booked = into.not_booked.saturating_add(1);
            return Ok(());
        }
        let Some(first) = self.first else {
            let kind = if self.reversal { Kind::Returned } else { Kind::Booked };
            let Money { currency, units, places } = money;
            let (uetr, end_to_end_id, reference) = (None, "", self.reference.as_str());
            into.push(&Given {
                uetr,
                end_to_end_id,
                reference,
                currency,
                units,
                places,
                direction,
                kind,
                file,
                number,
            })?;
            return Ok(());
        };
        if self.details > 1 && self.without_amount > 0 {
            return Err("a detail has no amount in the entry's currency, and there are several".to_owned());
        }
        if self.details == 1 {
            // With several details the entry's reference would name them all, and so none.
            into.fill_reference(first, &self.reference)?;
        }
        if self.sum != money.units.signed(direction) {
            into.uneven = into.uneven.saturating_add(1);
        }
        Ok(())
    }
}

impl Detail {
    fn set(&mut self, field: Field, text: &str, money: Option<Money>) -> Result<(), &'static str> {
        match field {
            Field::DetailUetr => self.uetr = Some(uetr(text).ok_or("a UETR: a UUID of version 4")?),
            Field::DetailEndToEndId => text.clone_into(&mut self.end_to_end_id),
            Field::DetailReference => text.clone_into(&mut self.reference),
            Field::DetailAmount => self.amount = money,
            Field::DetailTransactionAmount => self.transaction_amount = money,
            Field::DetailDirection => self.direction = Some(direction(text)?),
            _ => {}
        }
        Ok(())
    }
}
