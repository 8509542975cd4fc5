export function RolesPage() {
  return <p>Roles</p>;
}
