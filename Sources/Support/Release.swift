/// What this program is called, and which one it is.
public enum Release {
    /// The version, by semver.org.
    public static let number = "0.1.0"
    /// Name and version, as `--version` and the files that are written tell them.
    public static let text = "skullstrip \(number)"
}
