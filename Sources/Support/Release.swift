/// What this program is called, and which one it is.
public enum Release {
    public static let number = "0.1.0"
    public static let text = "skullstrip \(number)"
}
