//! Sorting of what is little: by one routine for all types. Each type that `slice::sort` of the standard library is compiled for is
//! six kilobytes of code, which browsers have to fetch.

use std::cmp::Ordering;

/// Sorts; what is equal stays in its order.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// The same by a key.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// The same by a comparison, which a total order is behind.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut from = places(items.len(), &|one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    for first in 0..from.len() {
        // What belongs to one place after the other is fetched, until that is what was at the first.
        let mut to = first;
        while let Some(place) = from.get_mut(to).map(|place| std::mem::replace(place, to)).filter(|at| *at != first) {
            items.swap(to, place);
            to = place;
        }
    }
}

/// Where what belongs to each place is; nothing where all is in its place.
#[inline(never)]
fn places(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    if (1..len).all(|place| compare(place - 1, place).is_le()) {
        return Vec::new();
    }
    let mut places: Vec<usize> = (0..len).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut number = 1_u32;
        for len in (0..40).chain([100, 1000]) {
            for _ in 0..20 {
                let mut items = Vec::new();
                for place in 0..len {
                    number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    items.push((number >> 28, place.to_string()));
                }
                let mut expected = items.clone();
                expected.sort_by_key(|(key, _)| *key);
                sort_by_key(&mut items, |(key, _)| *key);
                assert_eq!(items, expected);
                expected.sort();
                sort(&mut items);
                assert_eq!(items, expected);
            }
        }
    }
}
