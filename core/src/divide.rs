/// `text` in two, at the last boundary of a character that is not behind `at`.
pub(crate) fn divide(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(text.floor_char_boundary(at)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn no_character_is_divided() {
        let text = "aé€😀";
        let whole: Vec<_> = (0..=12).map(|at| divide(text, at)).collect();
        assert!(whole.iter().all(|(start, end)| [*start, *end].concat() == text));
        let starts: Vec<usize> = whole.iter().map(|(start, _)| start.len()).collect();
        assert_eq!(starts, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10]);
    }
}
