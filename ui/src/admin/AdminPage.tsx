export function AdminPage() {
  return <p>Admin</p>;
}
