import { Fragment, useCallback, useState, type ReactNode } from "react";

/** So many rows come and go together. */
const SIZE = 50;
/** How far outside of the window rows are still drawn. */
const MARGIN = "1000px 0px";

interface Props<Row> {
  rows: Row[];
  rowKey: (row: Row) => string;
  children: (row: Row) => ReactNode;
  /** The parts of a table, or of a list. */
  as: "tbody" | "ul";
  /** The height of a row that was never drawn. */
  height: number;
}

/** The rows of a long list in chunks: those that are far from the window are an empty space of the same height. */
export function Chunks<Row>({ rows, as, ...props }: Props<Row>) {
  const starts = Array.from({ length: Math.ceil(rows.length / SIZE) }, (_, index) => index * SIZE);
  return starts.map((start) => <Chunk key={start} first={start === 0} as={as} rows={rows.slice(start, start + SIZE)} {...props} />);
}

function Chunk<Row>({ rows, rowKey, children, as: Tag, height, first }: Props<Row> & { first: boolean }) {
  const [near, setNear] = useState(first);
  const [measured, setMeasured] = useState<number | null>(null);
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    const observer = new IntersectionObserver((entries) => {
      const entry = entries.at(-1);
      if (!entry) return;
      if (!entry.isIntersecting) setMeasured(entry.boundingClientRect.height);
      setNear(entry.isIntersecting);
    }, { rootMargin: MARGIN });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, []);
  // What was measured holds for as many rows.
  const space = measured !== null && rows.length === SIZE ? measured : rows.length * height;
  return <Tag ref={ref}>{near ? rows.map((row) => <Fragment key={rowKey(row)}>{children(row)}</Fragment>) : <Space as={Tag} height={space} />}</Tag>;
}

const Space = ({ as, height }: { as: "tbody" | "ul"; height: number }) =>
  as === "tbody" ? <tr aria-hidden><td style={{ height }} /></tr> : <li aria-hidden style={{ height }} />;
