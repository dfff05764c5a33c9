//! The bytes of an HLL sketch before they are read: what its reader takes on trust.
//!
//! A header of eight bytes (words of the preamble, version, family, lg k, lg of the array, flags, state, mode) is followed by
//! coupons or by registers; `spec/snapshot-format.md` names the library whose form it is.

/// What an image is made of.
#[derive(Clone, Copy)]
struct Header {
    lg_k: u8,
    lg_array: u8,
    /// Whether empty places are left out.
    is_compact: bool,
    is_empty: bool,
    /// The number of coupons of a list, the least register of an image with registers.
    state: u8,
    mode: u8,
}

const LIST: u8 = 0;
const SET: u8 = 1;
const REGISTERS: u8 = 2;

/// The greatest value of a register.
const MOST: u8 = 63;
/// What stands in four bits for a register whose value is among the exceptions.
const EXCEPTION: u8 = 15;
/// 2^64: more values than that no hash tells apart.
const GREATEST_COUNT: f64 = 18_446_744_073_709_551_616.0;
/// Where the registers begin.
const BODY: usize = 40;

/// Checks an image, which has been read, so that its header is right: nothing stands behind it, its coupons and registers
/// have values that hashes have, and its sums are in range.
///
/// # Errors
/// Which of them is not so.
pub(super) fn check_image(bytes: &[u8]) -> Result<(), &'static str> {
    let header = Header::read(bytes).ok_or("they are too short")?;
    match header.mode & 3 {
        LIST if header.is_empty => length(bytes, 8),
        LIST => {
            let places = if header.is_compact { usize::from(header.state) } else { 1 << 3 };
            coupons(header, bytes, 8, places)
        }
        SET => {
            let count = u32_at(bytes, 8).ok_or("they are too short")?;
            coupons(header, bytes, 12, if header.is_compact { count } else { 1 << header.lg_array })
        }
        REGISTERS => registers(header, bytes),
        _ => Err("they have an unknown mode"),
    }
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [_, _, _, lg_k, lg_array, flags, state, mode] = *bytes.first_chunk::<8>()?;
        // The reader has refused others, which would overflow here.
        if lg_k > 21 || lg_array > 26 {
            return None;
        }
        Some(Self { lg_k, lg_array, is_compact: flags & 8 != 0, is_empty: flags & 4 != 0, state, mode })
    }
}

fn length(bytes: &[u8], expected: usize) -> Result<(), &'static str> {
    if bytes.len() == expected { Ok(()) } else { Err("they are not as long as they say") }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*four)).ok()
}

fn coupons(header: Header, bytes: &[u8], begin: usize, places: usize) -> Result<(), &'static str> {
    length(bytes, begin + 4 * places)?;
    for at in (begin..bytes.len()).step_by(4) {
        let coupon = u32_at(bytes, at).ok_or("they are too short")?;
        let is_place = coupon == 0 && !header.is_compact;
        if coupon >> 26 == 0 && !is_place {
            return Err("a coupon has no value");
        }
    }
    Ok(())
}

fn registers(header: Header, bytes: &[u8]) -> Result<(), &'static str> {
    let registers = f64::from(1_u32 << header.lg_k);
    // About how many values there were, and the registers' powers, each at most 1.
    for (at, most) in [(8, GREATEST_COUNT), (16, registers), (24, registers)] {
        let sum = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()).ok_or("they are too short")?;
        let sum = f64::from_le_bytes(*sum);
        if !(0.0..=most).contains(&sum) {
            return Err("a sum is out of range");
        }
    }
    let k = 1_usize << header.lg_k;
    let at_least = u32_at(bytes, 32).ok_or("they are too short")?;
    let exceptions = u32_at(bytes, 36).ok_or("they are too short")?;
    let (least, values) = match (header.mode >> 2) & 3 {
        0 => (header.state, four_bits(header, bytes, k, exceptions)?),
        1 => {
            length(bytes, BODY + k * 3 / 4 + 1)?;
            (0, six_bits(&bytes[BODY..], k))
        }
        _ => {
            length(bytes, BODY + k)?;
            (0, bytes[BODY..].to_vec())
        }
    };
    if values.iter().any(|value| !(least..=MOST).contains(value)) {
        return Err("a register has a value that no hash has");
    }
    if count(&values, least) != at_least {
        return Err("they have another number of least registers than they say");
    }
    Ok(())
}

fn count(values: &[u8], wanted: u8) -> usize {
    values.iter().map(|value| usize::from(*value == wanted)).sum()
}

/// Registers above the least one, two a byte, and behind them those that are too great for that.
fn four_bits(header: Header, bytes: &[u8], k: usize, exceptions: usize) -> Result<Vec<u8>, &'static str> {
    let begin = BODY + k / 2;
    let nibbles = bytes.get(BODY..begin).ok_or("they are too short")?;
    let mut values: Vec<u8> = nibbles.iter().flat_map(|byte| [byte & 15, byte >> 4]).collect();
    let places = if header.is_compact || exceptions == 0 { exceptions } else { 1 << header.lg_array };
    let (own, behind) = bytes[begin..].split_at_checked(4 * places).ok_or("they are too short")?;
    // Places for exceptions that there are not.
    if !behind.is_empty() && (header.is_compact || exceptions > 0 || behind.iter().any(|byte| *byte != 0)) {
        return Err("they are not as long as they say");
    }
    if header.state > MOST {
        return Err("a register has a value that no hash has");
    }
    let mut left = count(&values, EXCEPTION);
    for value in values.iter_mut().filter(|value| **value != EXCEPTION) {
        *value += header.state;
    }
    for at in (0..own.len()).step_by(4) {
        let coupon = u32_at(own, at).ok_or("they are too short")?;
        if coupon == 0 {
            continue;
        }
        let value = u8::try_from(coupon >> 26).unwrap_or(u8::MAX);
        let slot = coupon & (k - 1);
        let nibble = nibbles[slot / 2] >> (4 * (slot % 2)) & 15;
        if nibble != EXCEPTION || value < header.state.saturating_add(EXCEPTION) || left == 0 {
            return Err("a register has a value that no hash has");
        }
        values[slot] = value;
        left -= 1;
    }
    if left > 0 {
        return Err("a register has no value");
    }
    Ok(values)
}

fn six_bits(bytes: &[u8], k: usize) -> Vec<u8> {
    let value = |register: usize| {
        let (at, shift) = (register * 6 / 8, register * 6 % 8);
        let pair = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        (pair >> shift).to_le_bytes()[0] & 63
    };
    (0..k).map(value).collect()
}
