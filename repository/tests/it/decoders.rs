//! The fuzz targets of this crate as ordinary tests: see `fuzz/`.

use self::drive::check;

#[path = "../../../fuzz/src/drive.rs"]
mod drive;
#[path = "../../../fuzz/src/repository.rs"]
mod targets;

#[test]
fn locations() {
    check("location", 10_000, targets::location);
}
