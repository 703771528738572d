/// What is known of a line before its series and its value are: it is made once, and copied at every scrape.
struct LineText: Sendable {
    /// The metric's name, and the brace where labels follow.
    let beforeLabels: [UInt8]
    /// What stands between the labels and the value.
    let afterLabels: [UInt8]

    /// - Parameter hasLabels: whether the series has labels.
    init(_ name: String, hasLabels: Bool) {
        beforeLabels = Array("\(name)\(hasLabels ? "{" : "")".utf8)
        afterLabels = Array("\(hasLabels ? "}" : "") ".utf8)
    }
}

/// The same for all lines of a histogram.
struct HistogramText: Sendable {
    /// The name of a bucket and the brace.
    let beforeLabels: [UInt8]
    /// What stands between the labels and the value of each bucket, one after the other. In one piece, because a
    /// thousand pieces would each be retained and released at every scrape, which takes as long as all the rest.
    let afterLabels: [UInt8]
    /// Where each bucket's part of that ends.
    let ends: [Int]
    let sum: LineText
    let count: LineText

    init(_ name: String, bounds: [Double], hasLabels: Bool) {
        beforeLabels = Array("\(name)_bucket{".utf8)
        var afterLabels: [UInt8] = []
        ends = (bounds.map(\.description) + ["+Inf"]).map {
            afterLabels += Array("\(hasLabels ? "," : "")le=\"\($0)\"} ".utf8)
            return afterLabels.count
        }
        self.afterLabels = afterLabels
        sum = LineText(name + "_sum", hasLabels: hasLabels)
        count = LineText(name + "_count", hasLabels: hasLabels)
    }
}
