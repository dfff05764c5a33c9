//! Numbers for people.

use std::time::Duration;

/// `5.1 MB`: decimal units, two digits at least.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 99.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// `4 ms`, `3.1 s`, `125 s`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 0.9995 => format!("{:.0} ms", s * 1000.0),
        s if s < 99.95 => format!("{s:.1} s"),
        s => format!("{s:.0} s"),
    }
}

/// `98 MB/s`; `None` when the time is too short to say.
pub(crate) fn rate(amount: u64, time: Duration) -> Option<String> {
    if time < Duration::from_millis(1) {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "three digits of a positive number are shown"
    )]
    let per_second = (amount as f64 / time.as_secs_f64()) as u64;
    Some(format!("{}/s", bytes(per_second)))
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_two_or_three_digits() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (5_122_229, "5.1 MB"),
            (u64::MAX, "18447 PB"),
        ];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn times_and_rates_are_short() {
        assert_eq!(time(Duration::from_millis(52)), "52 ms");
        assert_eq!(time(Duration::from_millis(3140)), "3.1 s");
        assert_eq!(time(Duration::from_secs(125)), "125 s");
        assert_eq!(rate(98_000_000, Duration::from_secs(1)).as_deref(), Some("98.0 MB/s"));
        assert_eq!(rate(1, Duration::ZERO), None);
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(0, "row"), "0 rows");
    }
}
