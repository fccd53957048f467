export const PAGE_STYLE = `
:root{--page:#f6f7f9;--card:#fff;--ink:#14181f;--soft:#5b6472;--line:#dfe3e8;--main:#0b63ce;--fill:#0b63ce22;--good:#176b3a;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#0f1217;--card:#171b22;--ink:#e8ebf0;--soft:#9aa4b2;--line:#2a303a;--main:#6aaeff;--fill:#6aaeff26;--good:#6fd08f;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:1.5rem 1.25rem 2rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header{display:flex;align-items:baseline;justify-content:space-between;gap:1rem;flex-wrap:wrap}
h1{font-size:1.35rem;margin:0;letter-spacing:-.01em}
h2{font-size:.95rem;margin:0 0 .6rem;font-weight:600}
header p{margin:0;color:var(--soft)}
header p.down{color:var(--bad);font-weight:600}
main{display:grid;grid-template-columns:minmax(0,1fr);gap:1rem;margin:1.1rem 0}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem}
section:first-child{background:none;border:0;padding:0}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(13.5rem,44%),1fr));gap:.75rem;margin:0}
dl div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}
dt{color:var(--soft);font-size:.82rem}
dd{margin:0;font-size:1.45rem;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft);letter-spacing:0}
.alarm dd{color:var(--bad)}
#rate-now{color:var(--soft);font-weight:400;margin-left:.4rem}
svg{display:block;width:100%;height:6rem}
svg path{vector-effect:non-scaling-stroke}
.line{fill:none;stroke:var(--main);stroke-width:1.75;stroke-linejoin:round}
.area{fill:var(--fill)}
.base{stroke:var(--line);stroke-width:1;fill:none}
.axis{display:flex;justify-content:space-between;margin:.3rem 0 0;color:var(--soft);font-size:.8rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.38rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
tr:last-child>*{border-bottom:0}
thead th{color:var(--soft);font-weight:500;font-size:.82rem}
th:first-child,td:first-child{text-align:left;padding-left:0}
th:last-child,td:last-child{padding-right:0}
tbody th{font-weight:500;max-width:22rem;overflow:hidden;text-overflow:ellipsis}
@media (max-width:40rem){tbody th{max-width:9rem}}
#upstreams th,#upstreams td{text-align:left}
.closed{color:var(--good)}.open,.half-open{color:var(--bad)}
.empty{color:var(--soft);text-align:left}
footer{color:var(--soft);font-size:.85rem}
a{color:var(--main)}footer a{margin-right:.9rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
`;
