/// The top level of one text: the prompt and its scripts, an imported file, or the library.
final class Module {
    /// Folder that its imports start from.
    var directory: String
    /// Where names are looked up that this one does not bind.
    let library: Module?
    /// Builtins and `args`.
    let builtins: Builtins
    private(set) var cells: [String: Cell] = [:]

    final class Builtins {
        var values: [String: Value] = [:]
    }

    init(directory: String, library: Module?, builtins: Builtins) {
        self.directory = directory
        self.library = library
        self.builtins = builtins
    }

    /// The variable of a name, made if there is none.
    func cell(_ name: String) -> Cell {
        if let cell = cells[name] { return cell }
        let cell = Cell()
        cells[name] = cell
        return cell
    }

    /// A builtin or a function of the library.
    func inherited(_ name: String) -> Value? { library?.cells[name]?.value ?? builtins.values[name] }

    func value(_ name: String) -> Value? { cells[name]?.value ?? inherited(name) }

    /// Names bound here, in alphabetical order.
    var boundNames: [String] { cells.filter { $0.value.value != nil }.map(\.key).sorted() }

    /// All names that can be read here, in alphabetical order.
    var visibleNames: [String] {
        Set(boundNames + (library?.boundNames ?? []) + Array(builtins.values.keys)).sorted()
    }
}
