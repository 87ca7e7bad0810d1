/// The program that all targets make up.
public enum Program {
    /// Changes with every release, and so with everything that may change a result.
    public static let version = "0.1.0"
}
