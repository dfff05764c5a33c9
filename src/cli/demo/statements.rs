//! The demo's statements.

use std::path::Path;

pub(super) const SCHEMA: &str = "\
CREATE DATABASE nyc;
USE nyc;
CREATE TABLE flights (
    flight_date    DATE NOT NULL,
    carrier        VARCHAR(2) NOT NULL,
    flight         INT NOT NULL,
    tailnum        VARCHAR(8),
    origin         CHAR(3) NOT NULL,
    dest           CHAR(3) NOT NULL,
    sched_dep_time SMALLINT NOT NULL,
    dep_time       SMALLINT,
    dep_delay      INT,
    sched_arr_time SMALLINT NOT NULL,
    arr_time       SMALLINT,
    arr_delay      INT,
    air_time       INT,
    distance       INT,
    scheduled      DATETIME
)
DUPLICATE KEY(flight_date, carrier, flight)
PARTITION BY RANGE(flight_date) (START ('2013-01-01') END ('2014-01-01') EVERY (INTERVAL 1 MONTH))
DISTRIBUTED BY HASH(flight) BUCKETS 2;
CREATE TABLE weather (
    origin     CHAR(3) NOT NULL,
    observed   DATETIME NOT NULL,
    temp       DOUBLE,
    dewp       DOUBLE,
    humid      DOUBLE,
    wind_dir   INT,
    wind_speed DOUBLE,
    wind_gust  DOUBLE,
    precip     DOUBLE,
    pressure   DOUBLE,
    visib      DOUBLE
)
DUPLICATE KEY(origin, observed)
DISTRIBUTED BY HASH(origin) BUCKETS 1;
CREATE TABLE airlines (carrier VARCHAR(2) NOT NULL, name STRING)
DUPLICATE KEY(carrier) DISTRIBUTED BY HASH(carrier) BUCKETS 1;
CREATE TABLE airports (
    faa   CHAR(3) NOT NULL,
    name  STRING,
    lat   DOUBLE,
    lon   DOUBLE,
    alt   INT,
    tz    TINYINT,
    dst   CHAR(1),
    tzone STRING
)
DUPLICATE KEY(faa) DISTRIBUTED BY HASH(faa) BUCKETS 1;
CREATE TABLE planes (
    tailnum      VARCHAR(8) NOT NULL,
    year         SMALLINT,
    type         STRING,
    manufacturer STRING,
    model        STRING,
    engines      TINYINT,
    seats        SMALLINT,
    speed        SMALLINT,
    engine       STRING
)
DUPLICATE KEY(tailnum) DISTRIBUTED BY HASH(tailnum) BUCKETS 1";

pub(super) const USE: &str = "USE nyc";

pub(super) const COUNTS: &str = "\
SELECT 'flights' AS `table`, count(*) AS `rows` FROM flights
UNION ALL SELECT 'weather', count(*) FROM weather
UNION ALL SELECT 'airlines', count(*) FROM airlines
UNION ALL SELECT 'airports', count(*) FROM airports
UNION ALL SELECT 'planes', count(*) FROM planes
ORDER BY 2 DESC";

pub(super) const QUESTION: &str = "\
SELECT a.name AS airline, count(*) AS flights, count(DISTINCT f.tailnum) AS planes,
       round(avg(f.dep_delay), 1) AS delay, sum(CASE WHEN f.dep_time IS NULL THEN 1 ELSE 0 END) AS cancelled
FROM flights f JOIN airlines a ON f.carrier = a.carrier
GROUP BY a.name
ORDER BY flights DESC
LIMIT 5";

pub(super) const SHOW_SNAPSHOTS: &str = "SHOW SNAPSHOT ON backups";

/// Loads the files in `data`. The CSV files write a missing value as `NA`, which is a text until it has been made
/// null; so their columns are read as texts, and the tables' types make numbers of them.
pub(super) fn load(data: &Path) -> String {
    let data = data.display().to_string();
    let parquet =
        |name: &str| format!("FILES('path' = 'file://{data}/{name}.parquet', 'format' = 'parquet')");
    let csv = |name: &str| {
        format!(
            "FILES('path' = 'file://{data}/{name}.csv', 'format' = 'csv',
      'csv.column_separator' = ',', 'csv.skip_header' = '1', 'auto_detect_types' = 'false')"
        )
    };
    format!(
        "\
INSERT INTO flights
SELECT make_date(year, month, day), carrier, flight, tailnum, origin, dest, sched_dep_time, dep_time, dep_delay,
       sched_arr_time, arr_time, arr_delay, air_time, distance, time_hour
FROM {};
INSERT INTO weather
SELECT origin, time_hour, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib
FROM {};
INSERT INTO airlines
SELECT $1, $2
FROM {};
INSERT INTO airports
SELECT $1, $2, $3, $4, $5, $6, $7, nullif($8, 'NA')
FROM {};
INSERT INTO planes
SELECT $1, nullif($2, 'NA'), $3, $4, $5, $6, $7, nullif($8, 'NA'), $9
FROM {}",
        parquet("flights"),
        parquet("weather"),
        csv("airlines"),
        csv("airports"),
        csv("planes")
    )
}

pub(super) fn create_repository(location: &Path) -> String {
    format!("CREATE REPOSITORY backups WITH BROKER ON LOCATION 'file://{}'", location.display())
}

pub(super) fn create_read_only_repository(location: &Path) -> String {
    format!("CREATE READ ONLY REPOSITORY backups WITH BROKER ON LOCATION 'file://{}'", location.display())
}

pub(super) fn backup(label: &str) -> String {
    format!("BACKUP DATABASE nyc SNAPSHOT {label} TO backups")
}

pub(super) fn restore(label: &str, timestamp: &str) -> String {
    format!(
        "RESTORE SNAPSHOT {label} FROM backups DATABASE nyc\nPROPERTIES ('backup_timestamp' = '{timestamp}')"
    )
}
