/// How a report looks, in light and in dark.
enum ReportStyle {
    static let css: HTML = """

        :root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--ink:#1c1d21;--soft:#62656d;--line:#e2e2dd;
        --stop:#c8371f;--warn:#b97a00;--observe:#3f6fb5;--pass:#2c8a57;--other:#8d93a1;--even:#ffe3a8;--odd:#ffcf70;
        --spare:#eceae4;--shadow:0 1px 2px #0001,0 4px 14px #0000000a}
        @media (prefers-color-scheme:dark){:root{--page:#141518;--card:#1d1f24;--ink:#e9e9ec;--soft:#9a9eaa;
        --line:#31343c;--stop:#ff7a5f;--warn:#e9b44c;--observe:#7aa7f0;--pass:#5ec48d;--other:#737988;--even:#5b4512;
        --odd:#79590f;--spare:#2a2d34;--shadow:none}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        header,main,footer{max-width:1120px;margin:0 auto;padding:0 24px}
        header{padding-top:36px}
        h1{font-size:28px;line-height:1.2;margin:0;letter-spacing:-.01em}
        h2{font-size:18px;margin:40px 0 12px}
        h3{font:600 14px/1.4 ui-monospace,monospace;margin:0 0 6px;overflow-wrap:anywhere}
        code,pre{font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        a{color:inherit;text-decoration-color:var(--other);text-underline-offset:3px}
        .about{color:var(--soft);margin:8px 0 0;overflow-wrap:anywhere}.about span{margin-right:18px}
        .about b,.hint b{color:var(--ink);font-weight:600}
        .hint,.none,footer{color:var(--soft);font-size:13.5px}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:24px 0 0}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;
        box-shadow:var(--shadow)}
        .tile .value{font-size:25px;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
        .tile .name{font-size:13.5px}.tile .note{font-size:12.5px;color:var(--soft);min-height:1.5em}
        .tiles.small .tile .value{font-size:20px}.tiles.small .note{display:none}
        .tile.stop .value,.tile.error .value{color:var(--stop)}.tile.pass .value{color:var(--pass)}
        .tile.warn .value{color:var(--warn)}
        .bar{display:flex;gap:2px;height:10px;margin-top:22px}.bar span{border-radius:4px;min-width:3px}
        .legend{color:var(--soft);font-size:13px;margin:8px 0 0}.legend span{margin-right:16px;white-space:nowrap}
        .legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
        .bar .stop,.legend i.stop{background:var(--stop)}.bar .warn,.legend i.warn{background:var(--warn)}
        .bar .observe,.legend i.observe{background:var(--observe)}.bar .pass,.legend i.pass{background:var(--pass)}
        .legend i.other{background:var(--other)}
        .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px;
        box-shadow:var(--shadow);margin-top:12px}
        table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
        th,td{padding:7px 12px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}
        thead th{border-top:0;color:var(--soft);font-weight:500;font-size:12.5px;position:sticky;top:0;
        background:var(--card)}
        th:first-child,table.runs td:nth-last-child(n+5){text-align:left}tbody th{font-weight:500}
        table.runs thead th:nth-last-child(n+5){text-align:left}
        table.runs tbody th{white-space:normal;overflow-wrap:anywhere;min-width:260px}
        .runs .scroll{max-height:70vh;overflow:auto}
        td.wide{width:170px}svg{display:block;max-width:100%}
        svg .stop{fill:var(--stop)}svg .other{fill:var(--other)}svg .spare{fill:var(--spare)}svg .tick{fill:var(--ink)}
        svg .grid{stroke:var(--line)}svg .axis{fill:var(--soft);font:11px system-ui,sans-serif}
        svg .axis.end{text-anchor:end}
        .pair{width:160px}.spark{height:18px}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:16px}
        figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;
        box-shadow:var(--shadow)}figcaption{font-size:13.5px;font-weight:600;margin-bottom:8px}
        .chip{display:inline-block;border-radius:99px;padding:0 9px;font-size:12.5px;border:1px solid currentColor;
        color:var(--soft)}
        .chip.stop{color:var(--stop)}.chip.warn{color:var(--warn)}.chip.observe{color:var(--observe)}
        .chip.pass{color:var(--pass)}
        .filter{border:0;padding:0;margin:12px 0 0;display:flex;flex-wrap:wrap;gap:6px 14px;font-size:13.5px}
        .filter legend{float:left;color:var(--soft);margin-right:14px}.filter b{color:var(--soft);font-weight:500}
        article{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;margin-top:16px;
        box-shadow:var(--shadow);scroll-margin-top:12px}article:target{border-color:var(--stop)}
        .facts{margin:0;font-size:13.5px;color:var(--soft);display:flex;flex-wrap:wrap;gap:4px 14px;align-items:center}
        .facts code{color:var(--ink)}
        .timeline{width:100%;height:14px;margin:12px 0 4px}
        dl{display:flex;flex-wrap:wrap;gap:4px 22px;margin:8px 0 0;font-size:13px}dl div{display:flex;gap:7px;min-width:0}
        dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}
        dd code{white-space:pre-wrap;background:var(--spare);border-radius:4px;padding:0 4px}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--page);border:1px solid var(--line);
        border-radius:8px;padding:12px 14px;margin:12px 0 0;max-height:700px;overflow:auto}
        mark{color:inherit;border-radius:3px}mark.even{background:var(--even)}mark.odd{background:var(--odd)}
        .spared{opacity:.45;text-decoration:line-through;text-decoration-color:var(--other)}
        .cut{display:inline-block;background:var(--stop);color:var(--card);border-radius:4px;padding:0 7px;margin:0 5px;
        font-size:11.5px;font-weight:600}
        .gap{display:block;color:var(--soft);text-align:center;padding:4px 0}
        .errors{padding-left:20px;font-size:13.5px;overflow-wrap:anywhere}
        footer{padding:36px 24px 48px}
        @media print{body{background:#fff}pre{max-height:none}.filter{display:none}}

        """
}
