import RunFiles

/// The samples that a classifier was most sure of and wrong about, with their images.
struct MistakeGrid {
    /// More would make the file large and the reader tired.
    private static let most = 40

    let evaluation: ClassifierEvaluation

    /// The part of a page that shows them; nil where there are none.
    var part: Page.Part? {
        guard !evaluation.mistakes.isEmpty else { return nil }
        return Page.Part(
            id: "mistakes", title: "Worst mistakes",
            lead: "The samples with the largest losses: what they are, what they were taken for, and how surely.",
            content: "<ul class=\"mistakes\">\(evaluation.mistakes.prefix(Self.most).map(item))</ul>")
    }

    private func item(_ mistake: ClassifierEvaluation.Mistake) -> Markup {
        let (label, predicted) = (evaluation.name(of: mistake.label), evaluation.name(of: mistake.predicted))
        let loss = mistake.loss.map { "; loss \(NumberText.fixed($0, digits: 2))" } ?? ""
        let picture: Markup =
            mistake.image.map { image in
                """
                <img alt="\(label), taken for \(predicted)\(loss)" width="\(image.width)" height="\(image.height)" \
                src="\(PNGFile.address(of: image))"/>
                """
            } ?? "<span class=\"blank\"></span>"
        let details = [mistake.probability.map { NumberText.percent($0) }, mistake.index.map { "no. \($0)" }]
            .compactMap { $0 }.joined(separator: " · ")
        return """
            <li>\(picture)<strong>\(label)</strong>taken for <strong class="seen">\(predicted)</strong>\
            <span class="soft">\(details)</span></li>

            """
    }
}
