use super::item_log::LogLine;
#[cfg(not(target_family = "wasm"))]
use crate::write::Known;
use crate::{
    error::{Error, ErrorKind, Result},
    write::{Lost, Product, advice},
};
use std::io::{self, Write};

/// Where a conversion tells what became of each item.
pub(super) trait Journal: Send {
    /// The number of the sync that it is of.
    fn sync(&self) -> Option<u32> {
        None
    }

    /// Whether an earlier sync has written the item of `line`, which has its digest.
    fn has(&mut self, _line: &LogLine) -> bool {
        false
    }

    /// What tells of the items that earlier syncs have written.
    #[cfg(not(target_family = "wasm"))]
    fn known(&self) -> Option<Known> {
        None
    }

    /// Makes sure, before the item of `line` is written, that it is the one that a run which was cut off met in its place.
    fn expect(&mut self, _line: &LogLine) -> Result<()> {
        Ok(())
    }

    /// Takes the line of an item that ended, as JSON with a line end.
    fn line(&mut self, line: &LogLine, json: &[u8]) -> Result<()>;

    /// Takes what was made beside the files of one item each.
    fn product(&mut self, _product: &Product) -> Result<()> {
        Ok(())
    }

    /// Tells that the items of files that came to nothing failed, as far as their lines can still be changed; each goes to
    /// `failed` as it was logged, and with the reason.
    fn lose(&mut self, _lost: &[Lost], _failed: &mut dyn FnMut(&LogLine, &str)) -> Result<()> {
        Ok(())
    }

    /// Takes the name of a part out of the lines: it is the only one, and has the name of the whole.
    fn join(&mut self, _part: &str) -> Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> Result<()>;
}

impl<J: Journal> Journal for &mut J {
    fn sync(&self) -> Option<u32> {
        (**self).sync()
    }

    fn has(&mut self, line: &LogLine) -> bool {
        (**self).has(line)
    }

    #[cfg(not(target_family = "wasm"))]
    fn known(&self) -> Option<Known> {
        (**self).known()
    }

    fn expect(&mut self, line: &LogLine) -> Result<()> {
        (**self).expect(line)
    }

    fn line(&mut self, line: &LogLine, json: &[u8]) -> Result<()> {
        (**self).line(line, json)
    }

    fn product(&mut self, product: &Product) -> Result<()> {
        (**self).product(product)
    }

    fn lose(&mut self, lost: &[Lost], failed: &mut dyn FnMut(&LogLine, &str)) -> Result<()> {
        (**self).lose(lost, failed)
    }

    fn join(&mut self, part: &str) -> Result<()> {
        (**self).join(part)
    }

    fn flush(&mut self) -> Result<()> {
        (**self).flush()
    }
}

/// Lines to any writer.
pub(super) struct Lines<W>(pub(super) W);

impl<W: Write + Send> Journal for Lines<W> {
    fn line(&mut self, _line: &LogLine, json: &[u8]) -> Result<()> {
        self.0.write_all(json).map_err(log_refused)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush().map_err(log_refused)
    }
}

pub(super) fn log_refused(error: io::Error) -> Error {
    Error::new(ErrorKind::Destination, format!("the item log: {}", advice(&error))).because(error)
}
