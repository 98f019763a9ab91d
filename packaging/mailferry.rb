# Homebrew: a formula for a tap; `url` and `sha256` are those of the source archive of the tag.
class Mailferry < Formula
  desc "Convert mailboxes (MBOX, PST/OST, ICS, VCF) to archives and import bundles"
  homepage "https://github.com/mailferry/mailferry"
  url "https://github.com/mailferry/mailferry/archive/refs/tags/v0.2.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "cli")
    generate_completions_from_executable(bin/"mailferry", "completions")
    (man1/"mailferry.1").write Utils.safe_popen_read(bin/"mailferry", "man")
  end

  test do
    (testpath/"in.mbox").write "From a Mon Jan  1 10:00:00 2024\nSubject: one\n\ntext\n"
    system bin/"mailferry", "convert", "in.mbox", "--to", "out.zip"
    assert_path_exists testpath/"out.zip"
  end
end
