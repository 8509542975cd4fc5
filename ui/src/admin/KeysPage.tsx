export function KeysPage() {
  return <p>Keys</p>;
}
