//! `datetime.datetime` of dates, in the zone they were written in.

use mailferry::{DateTime, Error, ErrorKind};
use pyo3::{intern, prelude::*};

/// The date with its zone, UTC where none was given; none where Python's calendar does not reach (years 1 to 9999).
pub(crate) fn to_python(py: Python<'_>, date: DateTime) -> PyResult<Option<Bound<'_, PyAny>>> {
    let module = py.import(intern!(py, "datetime"))?;
    let delta = module.getattr(intern!(py, "timedelta"))?;
    let zone = module.getattr(intern!(py, "timezone"))?;
    let utc = zone.getattr(intern!(py, "utc"))?;
    let shift = i64::from(date.offset_minutes().filter(|minutes| minutes.abs() < 24 * 60).unwrap_or(0)) * 60;
    let zone = if shift == 0 { utc } else { zone.call1((delta.call1((0, shift))?,))? };
    let (year, rest) = (1970, (0, 0, 0, 0));
    let epoch = module.getattr(intern!(py, "datetime"))?.call1((year, 1, 1, rest.0, rest.1, rest.2, rest.3, zone))?;
    let local = date.unix_seconds().saturating_add(shift);
    let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    // Both raise OverflowError beyond what they can hold.
    Ok(delta.call1((days, seconds)).and_then(|delta| epoch.add(delta)).ok())
}

/// A date of an option: text as RFC 3339 has it, a `datetime` or a `date`.
pub(crate) fn from_python(given: &Bound<'_, PyAny>) -> PyResult<DateTime> {
    let py = given.py();
    let text = match given.extract::<String>() {
        Ok(text) => text,
        Err(_) => given.call_method0(intern!(py, "isoformat"))?.extract()?,
    };
    text.parse().map_err(|error: Error| {
        debug_assert_eq!(error.kind(), ErrorKind::Options);
        crate::error::raised(py, &error)
    })
}
