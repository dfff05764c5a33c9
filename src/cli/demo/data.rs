//! The bundled data: see `testdata/flights/README.md` for where it is from.

use std::path::Path;

use super::super::failure::Failure;

/// Every file's name and bytes.
const FILES: [(&str, &[u8]); 5] = [
    ("flights.parquet", include_bytes!("../../../testdata/flights/flights.parquet")),
    ("weather.parquet", include_bytes!("../../../testdata/flights/weather.parquet")),
    ("airlines.csv", include_bytes!("../../../testdata/flights/airlines.csv")),
    ("airports.csv", include_bytes!("../../../testdata/flights/airports.csv")),
    ("planes.csv", include_bytes!("../../../testdata/flights/planes.csv")),
];

/// Writes the files into `directory`, which is made.
pub(super) fn write(directory: &Path) -> Result<(), Failure> {
    let failed =
        |error| Failure::ours(format_args!("cannot write the data to {}: {error}", directory.display()));
    std::fs::create_dir_all(directory).map_err(failed)?;
    FILES.iter().try_for_each(|(name, bytes)| std::fs::write(directory.join(name), bytes)).map_err(failed)
}
