//! Moments as nanoseconds since 1970 UTC, read from and written as RFC 3339. The only file that knows chrono.

use chrono::{DateTime, Local, SecondsFormat, TimeDelta, Utc};
use std::fmt;
use std::ops::{Add, Sub};

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Reaches to 2262-04-11.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub i64);

/// A length of time in nanoseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

/// How a person wants to see moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Utc,
    Local,
    /// Hours, minutes and seconds before or after this moment, where times of day are asked for.
    Since(Nanos),
}

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Nanos {
    pub const MIN: Self = Self(i64::MIN);
    pub const MAX: Self = Self(i64::MAX);

    /// Reads RFC 3339 with an offset and up to nine digits of fraction. Years outside 1970–2262 are refused,
    /// and so is a leap second: JOURNAL counts none, and guessing a neighbour would reorder records.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Self::parse_usual(text.as_bytes()).map_or_else(|| Self::parse_any(text), Ok)
    }

    /// `2026-10-04T09:12:04.500Z` as nearly every line writes it, up to 2261: 5 ns where chrono takes 60. Says nothing
    /// of what it does not read.
    fn parse_usual(bytes: &[u8]) -> Option<Self> {
        let (head, tail) = bytes.split_first_chunk::<19>()?;
        let fraction = match tail {
            [b'Z'] => &[],
            [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => digits,
            _ => return None,
        };
        if [head[4], head[7], head[10], head[13], head[16]] != *b"--T::" {
            return None;
        }
        let two = |at: usize| digits_of(&head[at..at + 2]);
        let (year, month, day) = (digits_of(&head[..4])?, two(5)?, two(8)?);
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        let is_date = (1970..2262).contains(&year) && day >= 1 && day <= days_in(year, month);
        if !is_date || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let nanos = digits_of(fraction)? * 10_i64.pow(9 - fraction.len() as u32);
        let days = days_before(year, month) + day - 1;
        Some(Self(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + nanos))
    }

    fn parse_any(text: &str) -> Result<Self, &'static str> {
        let bytes = text.as_bytes();
        if bytes.len() > 19 && bytes[17] == b'6' {
            return Err("a leap second cannot be placed");
        }
        if bytes.len() > 19
            && bytes[19] == b'.'
            && bytes[20..].iter().take_while(|b| b.is_ascii_digit()).count() > 9
        {
            return Err("more than nine digits of fraction");
        }
        if bytes.len() > 10 && bytes[10] != b'T' && bytes[10] != b't' {
            return Err("not RFC 3339 with an offset");
        }
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| "not RFC 3339 with an offset")?;
        if moment.timestamp() < 0 {
            return Err("before 1970");
        }
        moment.timestamp_nanos_opt().map(Self).ok_or("after 2262")
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// RFC 3339 in UTC with as many digits of fraction as needed (0, 3, 6 or 9): `2026-10-04T09:12:04.500Z`.
    pub fn rfc3339(self) -> String {
        self.print_usual().unwrap_or_else(|| self.print_any())
    }

    /// What chrono prints, from 1970 on: 25 ns where it takes 250.
    fn print_usual(self) -> Option<String> {
        let nanos = u64::try_from(self.0).ok()?;
        let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        let (year, month, day) = date_of(seconds / 86_400);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        for (place, number) in [(0..4, year), (5..7, month), (8..10, day)] {
            fill(&mut text[place], number);
        }
        for (place, unit) in [(11..13, 3600), (14..16, 60), (17..19, 1)] {
            fill(&mut text[place], seconds % 86_400 / unit % if unit == 3600 { 24 } else { 60 });
        }
        let (end, fraction) = match nanos {
            0 => (19, 0),
            _ if nanos % 1_000_000 == 0 => (23, nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => (26, nanos / 1_000),
            _ => (29, nanos),
        };
        if end > 19 {
            fill(&mut text[20..end], fraction);
        }
        text[end] = b'Z';
        String::from_utf8(text[..=end].to_vec()).ok()
    }

    fn print_any(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// Strftime in the zone a person chose.
    pub fn format(self, zone: Zone, pattern: &str) -> String {
        match zone {
            Zone::Utc => self.utc().format(pattern).to_string(),
            Zone::Local => self.utc().with_timezone(&Local).format(pattern).to_string(),
            Zone::Since(begin) => self.since(begin).clock(pattern),
        }
    }

    /// `2026-10-04 09:12:04`, for tables and headers.
    pub fn short(self, zone: Zone) -> String {
        self.format(zone, "%Y-%m-%d %H:%M:%S")
    }

    /// `09:12:04.500`: the time of day to the millisecond, for rows whose day is shown elsewhere.
    pub fn clock(self, zone: Zone) -> String {
        self.format(zone, "%H:%M:%S%.3f")
    }

    pub fn from_unix(seconds: i64) -> Option<Self> {
        seconds.checked_mul(SECOND).map(Self)
    }

    /// Whole seconds since 1970, rounded down.
    pub fn unix(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    pub fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The current moment. Only faces (`ui`, `cli`) and `work` call it; computing rooms take it as an argument.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX))
    }
}

/// The number that nothing but digits spell; 0 for none.
fn digits_of(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        let value = digit.wrapping_sub(b'0');
        (value < 10).then(|| sum * 10 + i64::from(value))
    })
}

/// 0 for a month that there is not.
fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days from 1970-01-01 to the first of a month, counted in years that begin in March so that leap days come last.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 - 719_468
}

/// Writes a number's last digits, as many as there is place for.
fn fill(place: &mut [u8], number: u64) {
    place.iter_mut().rev().fold(number, |rest, digit| {
        *digit = b'0' + (rest % 10) as u8;
        rest / 10
    });
}

/// Year, month and day of a day counted from 1970-01-01: the inverse of `days_before`.
fn date_of(day: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, in eras of 400 years.
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let first = (153 * month + 2) / 5;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day - first + 1)
}

/// A date as git writes one: its default form, RFC 2822, ISO, or Unix time with an offset.
pub fn git_date(text: &str) -> Option<Nanos> {
    let of = |moment: DateTime<chrono::FixedOffset>| {
        moment.timestamp_nanos_opt().filter(|nanos| *nanos >= 0).map(Nanos)
    };
    let forms = ["%a %b %e %H:%M:%S %Y %z", "%Y-%m-%d %H:%M:%S %z"];
    let named = forms.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    let named = named.or_else(|| DateTime::parse_from_rfc2822(text).ok());
    let named = named.or_else(|| DateTime::parse_from_rfc3339(text).ok());
    let raw = || text.split(' ').next()?.parse().ok().and_then(Nanos::from_unix);
    named.and_then(of).or_else(raw)
}

impl Span {
    /// `+26:14:03.120`: as far down as the pattern of a time would go; at least to minutes.
    fn clock(self, pattern: &str) -> String {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let all = self.0.unsigned_abs();
        let unit = |unit: i64| all / unit.unsigned_abs();
        let mut text = format!("{sign}{:02}:{:02}", unit(HOUR), unit(MINUTE) % 60);
        if pattern.contains("%S") || pattern.contains("%F") {
            text += &format!(":{:02}", unit(SECOND) % 60);
        }
        if pattern.contains("%.") {
            text += &format!(".{:03}", unit(SECOND / 1000) % 1000);
        }
        text
    }
}

impl Add<Span> for Nanos {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        self.saturating_add(span)
    }
}

impl Sub<Span> for Nanos {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Span {
    pub const fn seconds(n: i64) -> Self {
        Self(n.saturating_mul(SECOND))
    }

    /// Reads `90s`, `5m`, `1h`, `2d`, `250ms`.
    pub fn parse(text: &str) -> Option<Self> {
        let split = text.find(|c: char| c.is_ascii_alphabetic())?;
        let number: i64 = text[..split].parse().ok()?;
        let unit = match &text[split..] {
            "ms" => SECOND / 1000,
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return None,
        };
        number.checked_mul(unit).map(Self)
    }
}

/// The two largest units: `4h28m`, `3d02h`, `12s`, `250ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = TimeDelta::nanoseconds(self.0);
        let sign = if self.0 < 0 { "-" } else { "" };
        let seconds = total.num_seconds().unsigned_abs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes, seconds % 60) {
            (0, 0, 0, 0) => write!(f, "{sign}{}ms", total.num_milliseconds().unsigned_abs()),
            (0, 0, 0, s) => write!(f, "{sign}{s}s"),
            (0, 0, m, s) => write!(f, "{sign}{m}m{s:02}s"),
            (0, h, m, _) => write!(f, "{sign}{h}h{m:02}m"),
            (d, h, _, _) => write!(f, "{sign}{d}d{h:02}h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_quick_reading_of_a_moment_is_chronos(
            year in 1960i64..2270, month in 0u8..14, day in 0u8..33, clock in (0u8..25, 0u8..61, 0u8..62),
            fraction in "(\\.[0-9]{0,10})?", end in "[Zz ]|\\+02:00",
        ) {
            let (hour, minute, second) = clock;
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{end}");
            prop_assert_eq!(Nanos::parse(&text), Nanos::parse_any(&text), "{}", text);
        }

        #[test]
        fn what_a_moment_prints_reads_as_itself(nanos in 0..=i64::MAX) {
            let moment = Nanos(nanos);
            prop_assert_eq!(Nanos::parse(&moment.rfc3339()), Ok(moment));
            prop_assert_eq!(moment.print_usual(), Some(moment.print_any()));
            let whole = Nanos(nanos / MINUTE * MINUTE);
            prop_assert_eq!(whole.print_usual(), Some(whole.print_any()));
            prop_assert!(nanos >= 292 * 365 * DAY || Nanos::parse_usual(moment.rfc3339().as_bytes()).is_some());
        }
    }

    #[test]
    fn a_moment_keeps_nine_digits_and_its_offset_is_counted() {
        assert_eq!(
            Nanos::parse("2026-10-04T11:13:11.204518000+02:00"),
            Nanos::parse("2026-10-04T09:13:11.204518Z")
        );
        assert_eq!(Nanos::parse("1970-01-01T00:00:00.000000001Z"), Ok(Nanos(1)));
        assert_eq!(Nanos(1).rfc3339(), "1970-01-01T00:00:00.000000001Z");
    }

    #[test]
    fn moments_that_cannot_be_placed_are_refused_with_a_reason() {
        for (text, reason) in [
            ("2026-10-04T09:13:11", "not RFC 3339 with an offset"),
            ("2026-10-04 09:13:11Z", "not RFC 3339 with an offset"),
            ("2016-12-31T23:59:60Z", "a leap second cannot be placed"),
            ("1969-12-31T23:59:59Z", "before 1970"),
            ("9999-01-01T00:00:00Z", "after 2262"),
            ("2026-10-04T09:13:11.1234567890Z", "more than nine digits of fraction"),
            ("", "not RFC 3339 with an offset"),
            ("1791105191", "not RFC 3339 with an offset"),
        ] {
            assert_eq!(Nanos::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_span_shows_its_two_largest_units() {
        for (span, shown) in [
            (Span(4 * HOUR + 28 * MINUTE + 47 * SECOND), "4h28m"),
            (Span(3 * DAY + 2 * HOUR), "3d02h"),
            (Span(SECOND / 4), "250ms"),
            (Span(-90 * SECOND), "-1m30s"),
        ] {
            assert_eq!(span.to_string(), shown);
        }
    }
}
