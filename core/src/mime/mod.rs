//! Reading mail: header sections, encoded words, addresses, dates, bodies (RFC 5322, RFC 2045–2049, RFC 2231).
