/// A line that follows the pointer or the arrow keys over a chart, with the values where it is.
///
/// The page is whole without it. It has neither `<` nor `&`, so that the page is well-formed XML too.
enum CrosshairScript {
    static let source = """
        for (const chart of document.querySelectorAll('.chart')) {
          const data = JSON.parse(chart.querySelector('script').textContent)
          const lines = data.lines.filter(line => line.x.length > 0)
          if (lines.length === 0) continue
          const plot = chart.querySelector('.plot')
          const area = chart.querySelector('.area')
          const readout = chart.querySelector('.readout')
          const steps = Array.from(new Set(lines.flatMap(line => line.x))).sort((a, b) => a - b)
          const cursor = document.createElement('div')
          cursor.className = 'cursor'
          cursor.hidden = true
          area.append(cursor)
          let current = steps.length - 1

          function nearest(list, x) {
            let low = 0
            let high = list.length
            while (high - low > 1) {
              const middle = (low + high) >> 1
              if (list[middle] > x) high = middle; else low = middle
            }
            if (low + 1 === list.length) return low
            return x - list[low] > list[low + 1] - x ? low + 1 : low
          }

          function show(index) {
            current = index
            const step = steps[index]
            const share = (step - data.low) / (data.high - data.low)
            cursor.hidden = false
            cursor.style.left = 100 * share + '%'
            const head = document.createElement('div')
            head.textContent = 'step ' + step.toLocaleString('en')
            const rows = [head]
            const spots = []
            for (const line of lines) {
              const place = nearest(line.x, step)
              const row = document.createElement('div')
              const key = document.createElement('i')
              key.className = 'key ' + line.c
              const value = document.createElement('b')
              value.textContent = line.v[place]
              row.append(key, line.n + ' ', value)
              if (line.x[place] !== step) row.append(' at ' + line.x[place].toLocaleString('en'))
              rows.push(row)
              const spot = document.createElement('i')
              spot.className = 'spot ' + line.c
              spot.style.top = line.y[place] / 10 + '%'
              if (line.x[place] === step) spots.push(spot)
            }
            cursor.replaceChildren(...spots)
            readout.replaceChildren(...rows)
            const box = area.getBoundingClientRect()
            const outer = chart.getBoundingClientRect()
            const x = box.left - outer.left + share * box.width
            readout.style.top = box.top - outer.top + 4 + 'px'
            if (share > 0.5) {
              readout.style.left = 'auto'
              readout.style.right = outer.width - x + 12 + 'px'
            } else {
              readout.style.left = x + 12 + 'px'
              readout.style.right = 'auto'
            }
          }

          function hide() {
            cursor.hidden = true
            readout.replaceChildren()
          }

          area.addEventListener('pointermove', event => {
            const box = area.getBoundingClientRect()
            const share = (event.clientX - box.left) / box.width
            show(nearest(steps, data.low + share * (data.high - data.low)))
          })
          area.addEventListener('pointerleave', hide)
          plot.addEventListener('blur', hide)
          plot.addEventListener('keydown', event => {
            const stride = event.shiftKey ? 10 : 1
            const places = { ArrowLeft: current - stride, ArrowRight: current + stride, Home: 0, End: steps.length - 1 }
            if (event.key === 'Escape') hide()
            if (!(event.key in places)) return
            event.preventDefault()
            show(Math.max(0, Math.min(steps.length - 1, cursor.hidden ? current : places[event.key])))
          })
        }
        """
}
