import Foundation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// The elements of a page, which has to be well-formed XML.
final class PageReader: NSObject, XMLParserDelegate {
    /// An element, and the text that is in it and in those below it.
    final class Element {
        let name: String
        let attributes: [String: String]
        fileprivate(set) var text = ""

        init(_ name: String, _ attributes: [String: String]) {
            (self.name, self.attributes) = (name, attributes)
        }

        var classes: [Substring] { (attributes["class"] ?? "").split(separator: " ") }
    }

    private(set) var elements: [Element] = []
    private var open: [Element] = []

    /// Reads a page, and checks what holds for each: that it is well-formed, loads nothing, and can be read aloud.
    init(_ html: String) throws {
        super.init()
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = self
        let isWellFormed = parser.parse()
        try #require(isWellFormed, "line \(parser.lineNumber): \(String(describing: parser.parserError))")
        try #require(html.hasPrefix("<!DOCTYPE html>"))
        checkReferences()
        checkDescriptions()
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    func first(id: String) -> Element? { elements.first { $0.attributes["id"] == id } }

    /// The numbers in the path of a class inside a drawing.
    func paths(_ name: String) -> [String] {
        all("path").filter { $0.classes.contains { $0 == name } }.compactMap { $0.attributes["d"] }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        let element = Element(name, attributes)
        elements.append(element)
        open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) { for element in open { element.text += text } }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }

    private func checkReferences() {
        let ids = elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "each id is there once")
        for element in elements {
            for id in (element.attributes["aria-labelledby"] ?? "").split(separator: " ") {
                #expect(ids.contains(String(id)), "\(element.name) refers to \(id)")
            }
            for name in ["src", "href", "xlink:href", "data", "action", "srcset"] {
                guard let address = element.attributes[name] else { continue }
                let isInside = address.hasPrefix("#") && ids.contains(String(address.dropFirst()))
                #expect(isInside || address.hasPrefix("data:"), "\(element.name) loads \(address.prefix(60))")
            }
            #expect(element.attributes.keys.allSatisfy { !$0.hasPrefix("on") }, "\(element.name) has a script")
        }
        for style in all("style") { #expect(!style.text.contains("url(") && !style.text.contains("@import")) }
    }

    private func checkDescriptions() {
        #expect(all("h1").count == 1 && all("title").first?.text.isEmpty == false)
        #expect(all("html").first?.attributes["lang"] == "en")
        #expect(all("img").allSatisfy { $0.attributes["alt"]?.isEmpty == false })
        #expect(all("table").count == all("caption").count)
        #expect(all("th").allSatisfy { $0.attributes["scope"] != nil })
        let drawings = all("svg")
        #expect(
            drawings.allSatisfy { $0.attributes["aria-labelledby"] != nil || $0.attributes["aria-hidden"] == "true" })
        #expect(all("desc").allSatisfy { !$0.text.isEmpty })
        #expect(
            all("path").allSatisfy { !($0.attributes["d"] ?? "").lowercased().contains("n") }, "a number is not finite")
    }
}
