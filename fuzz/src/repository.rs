//! Targets on `cairn-repository`.

#![allow(unreachable_pub, reason = "the fuzz crate exports it; a test includes it")]

use cairn_repository::Location;

/// The texts of locations: what is read says itself again.
pub fn location(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(location) = Location::parse(text) {
        let again = Location::parse(&location.to_string()).expect("a location's own text");
        // A URL takes `..` out of a path, so such a path comes back as another.
        if !text.contains("..") {
            assert_eq!(again, location);
        }
    }
}
